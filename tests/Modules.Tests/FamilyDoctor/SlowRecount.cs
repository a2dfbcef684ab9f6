using System.Globalization;
using System.Text.Json;
using Tongxin.Modules.FamilyDoctor;

namespace Tongxin.Modules.Tests.FamilyDoctor;

/// <summary>The oracle of fulfilment: walks day by day through every contract and looks through the whole record each day, sharing no code with the module but its list.</summary>
internal static class SlowRecount
{
    public static IEnumerable<(string Patient, string Item, string Contract, string Day)> Of(Dictionary<string, List<JsonElement>> all, ServiceCatalogue catalogue)
    {
        var records = new[] { "QuestionnaireResponse", "Observation", "Encounter" }.SelectMany(t => all[t])
            .GroupBy(r => r.GetProperty("subject").GetProperty("reference").GetString()!["Patient/".Length..]).ToDictionary(g => g.Key, g => g.ToList());
        foreach (var contract in all["Contract"])
        {
            if (contract.GetProperty("status").GetString() is not ("executed" or "renewed" or "terminated") || !contract.TryGetProperty("term", out var terms)) continue;
            var patient = contract.GetProperty("subject")[0].GetProperty("reference").GetString()!["Patient/".Length..];
            if (!records.TryGetValue(patient, out var mine)) continue;
            var edition = catalogue.On(Day(contract.GetProperty("applies").GetProperty("start")));
            var promised = new Dictionary<string, int>();
            foreach (var line in terms.EnumerateArray().SelectMany(t => t.GetProperty("asset").EnumerateArray()).SelectMany(a => a.GetProperty("valuedItem").EnumerateArray()))
            {
                var item = line.GetProperty("entityCodeableConcept").GetProperty("coding")[0].GetProperty("code").GetString()!;
                promised[item] = promised.GetValueOrDefault(item) + line.GetProperty("quantity").GetProperty("value").GetInt32();
            }

            foreach (var (item, count) in promised)
                foreach (var day in Given(contract, mine, edition.Items.Single(i => i.Id == item), count))
                    yield return (patient, item, contract.GetProperty("id").GetString()!, day);
        }
    }

    private static IEnumerable<string> Given(JsonElement contract, List<JsonElement> records, ServiceItem item, int perYear)
    {
        var (start, end) = (Day(contract.GetProperty("applies").GetProperty("start")), Day(contract.GetProperty("applies").GetProperty("end")));
        var left = perYear;
        for (var day = start; day <= end; day = day.AddDays(1))
        {
            if (day.Month == start.Month && day.Day == start.Day) left = perYear;
            if (left > 0 && records.Any(r => Proves(r, item, day)))
            {
                left--;
                yield return day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            }
        }
    }

    private static bool Proves(JsonElement record, ServiceItem item, DateOnly day) => item.Evidence is not null && record.GetProperty("resourceType").GetString() switch
    {
        "QuestionnaireResponse" => Day(record.GetProperty("authored")) == day
            && item.Evidence.Forms.Contains(record.GetProperty("questionnaire").GetString()!.Split('/')[^1]),
        "Observation" => Day(record.GetProperty("effectiveDateTime")) == day
            && item.Evidence.Readings.Contains(record.GetProperty("code").GetProperty("coding")[0].GetProperty("code").GetString()!),
        _ => Day(record.GetProperty("period").GetProperty("start")) == day && item.Evidence.Visits.Contains(record.GetProperty("class").GetProperty("code").GetString()!),
    };

    private static DateOnly Day(JsonElement text) => DateOnly.ParseExact(text.GetString()![..10], "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
