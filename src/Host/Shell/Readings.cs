using System.Globalization;
using System.Text.Json;
using Tongxin.Kernel.Access;
using Tongxin.Web.Components;

namespace Tongxin.Host.Shell;

/// <summary>A blood pressure or a fasting glucose as lists and charts show it.</summary>
/// <param name="Date">The local day it was taken.</param>
/// <param name="Text">As a doctor writes it: 164/88, or 8.9.</param>
/// <param name="Unit">mmHg or mmol/L.</param>
/// <param name="Value">What the course is drawn of: systolic pressure, or glucose.</param>
/// <param name="Target">What it should stay below.</param>
public sealed record Reading(DateOnly Date, string Text, string Unit, double Value, double Target);

/// <summary>Reads pressures and glucoses out of Observations, and the last ones of everybody on a list in one search.</summary>
public static class Readings
{
    /// <summary>How many people one search may be asked for.</summary>
    public const int MostPeople = 100;

    private const int MostRows = 500;
    private const int DaysBack = 1095;
    private const double GlucoseTarget = 7;
    private static readonly string[] FastingGlucose = ["14771-0", "1558-6"];

    /// <summary>Null when it is no blood pressure with both numbers and a day.</summary>
    public static (DateOnly Date, int Systolic, int Diastolic)? Pressure(JsonElement observation)
    {
        int? systolic = null, diastolic = null;
        foreach (var part in observation.Each("component"))
            switch (part.Member("code")?.Code())
            {
                case "8480-6": systolic = (int?)part.Quantity(); break;
                case "8462-4": diastolic = (int?)part.Quantity(); break;
            }

        return systolic is { } s && diastolic is { } d && JsonReading.Day(observation.Text("effectiveDateTime")) is { } day ? (day, s, d) : null;
    }

    /// <summary>Null when it is no fasting glucose with a number and a day.</summary>
    public static (DateOnly Date, decimal Value)? Glucose(JsonElement observation) =>
        FastingGlucose.Contains(observation.Member("code")?.Code()) && observation.Quantity() is { } value && JsonReading.Day(observation.Text("effectiveDateTime")) is { } day
            ? (day, value)
            : null;

    /// <summary>Below this a systolic pressure is controlled: 140 mmHg, from 65 years on 150 (国家基本公共卫生服务规范（第三版）高血压 二（三）).</summary>
    public static double SystolicTarget(int? age) => age >= 65 ? 150 : 140;

    /// <summary>What the caller may see of the last three years, oldest first, by the person's id. Nothing for people beyond <see cref="MostPeople"/>.</summary>
    public static async Task<ILookup<string, Reading>> OfAsync(
        RecordAccess records, Caller caller, IReadOnlyCollection<PersonView> people, DateOnly today, CancellationToken cancel)
    {
        if (people.Count is 0) return Enumerable.Empty<Reading>().ToLookup(_ => "");
        var ages = people.Take(MostPeople).ToDictionary(p => p.Id, p => p.Age(today), StringComparer.Ordinal);
        var since = today.AddDays(-DaysBack).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var query = $"patient={string.Join(',', ages.Keys)}&code=85354-9,{string.Join(',', FastingGlucose)}&date=ge{since}&_sort=-date&_count={MostRows}";
        var found = new List<(string Person, Reading Reading)>();
        foreach (var stored in (await records.SearchAsync(caller, "Observation", query, cancel)).Matches)
        {
            using var json = JsonDocument.Parse(stored.Body);
            var observation = json.RootElement;
            if (observation.IdIn("subject") is { } person && ages.TryGetValue(person, out var age) && Of(observation, age) is { } reading) found.Add((person, reading));
        }

        return found.OrderBy(f => f.Reading.Date).ToLookup(f => f.Person, f => f.Reading, StringComparer.Ordinal);
    }

    private static Reading? Of(JsonElement observation, int? age)
    {
        if (Pressure(observation) is var (day, systolic, diastolic)) return new(day, $"{systolic}/{diastolic}", "mmHg", systolic, SystolicTarget(age));
        if (Glucose(observation) is var (date, value)) return new(date, value.ToString("0.0", CultureInfo.InvariantCulture), "mmol/L", (double)value, GlucoseTarget);
        return null;
    }
}
