using System.Text.Json;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Postgres;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Bench.Store;

/// <summary>Reads and the searches of the comparison table, on keys and values drawn from what was loaded.</summary>
internal static class SearchBench
{
    private const int Clients = 8;
    private static readonly Visibility All = new Visibility.Everything();
    private static readonly SearchQuery Query = new(new());

    public static async Task RunAsync(PostgresStore store, Report report, IEnumerable<byte[]> loaded, TimeSpan time)
    {
        var keys = new List<ResourceKey>();
        var identifiers = new List<string>();
        foreach (var line in loaded)
        {
            using var document = JsonDocument.Parse(line);
            var (type, id) = (document.RootElement.GetProperty("resourceType").GetString()!, document.RootElement.GetProperty("id").GetString()!);
            keys.Add(new(type, id));
            if (type is not "Patient" || !document.RootElement.TryGetProperty("identifier", out var all)) continue;
            identifiers.AddRange(all.EnumerateArray().Select(i => $"{i.GetProperty("system").GetString()}|{i.GetProperty("value").GetString()}"));
        }
        var patients = keys.Where(k => k.Type is "Patient").ToList();
        Console.WriteLine("| operation | rate | client CPU ms | database CPU ms |\n|---|---|---|---|");
        await report.MeasureAsync("read by id", Clients, time, i => store.ReadAsync(keys[i * 7919 % keys.Count], All, default));
        await Search("identifier", "Patient", i => $"identifier={identifiers[i * 31 % identifiers.Count]}");
        await Search("subject + code, sorted by date", "Observation", i => $"subject=Patient/{patients[i * 31 % patients.Count].Id}&code=http://loinc.org|8302-2&_sort=-date");
        await Search("code, newest", "Observation", i => "code=http://loinc.org|8302-2");
        await Search("code, sorted by date", "Observation", i => "code=http://loinc.org|8302-2&_sort=-date");
        await Search("chained gender + code", "Observation", i => $"subject:Patient.gender={(i % 2 is 0 ? "female" : "male")}&code=http://loinc.org|8302-2");
        await Search("chained identifier", "Observation", i => $"subject:Patient.identifier={identifiers[i * 31 % identifiers.Count]}");
        await Search("_revinclude", "Patient", i => $"_id={patients[i * 31 % patients.Count].Id}&_revinclude=Condition:subject");
        await Search("_has", "Patient", i => "_has:Observation:subject:code=http://loinc.org|8302-2&gender=female");
        await Search("name prefix", "Patient", i => "name=an");
        await Search("date range", "Observation", i => $"date=ge20{10 + (i % 9)}-01&date=lt20{10 + (i % 9)}-02");
        await Search("code-value-quantity", "Observation", i => "code-value-quantity=http://loinc.org|8302-2$gt180");

        Task Search(string what, string type, Func<int, string> query) =>
            report.MeasureAsync(what, Clients, time, i => store.SearchAsync(Query.Parse(type, query(i)), All, default));
    }
}
