using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Host;
using Tongxin.Host.Demo;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Measures;
using Tongxin.Kernel.Programmes;
using Tongxin.Modules.FamilyDoctor;
using Tongxin.Modules.Tests.SignIn;

namespace Tongxin.Modules.Tests.Cockpit;

/// <summary>A demo county of some hundred residents with the edges that a norm is read at, counted to the end, and every body of its record.</summary>
public sealed class CountedCounty : IAsyncLifetime
{
    private const int Residents = 420;
    private const int QuietSeconds = 3;
    private readonly string folder = Directory.CreateTempSubdirectory("tongxin-counted-").FullName;
    private WebApplication app = null!;

    public static DateOnly Day { get; } = LocalTime.Today(TimeProvider.System);

    public Board Board => app.Services.GetRequiredService<Board>();
    public ColumnStore Columns => app.Services.GetRequiredService<ColumnStore>();
    public IndicatorCatalogue Indicators => app.Services.GetRequiredService<IndicatorCatalogue>();
    public FrozenReports Frozen => app.Services.GetRequiredService<FrozenReports>();
    private RecordAccess Records => app.Services.GetRequiredService<RecordAccess>();

    public async ValueTask InitializeAsync()
    {
        app = await Serving.BuildAsync(new(new RecordEngine.Sqlite(folder), "http://127.0.0.1:0"), CancellationToken.None);
        await new Seeding(Records, app.Services.GetRequiredService<ServiceCatalogue>())
            .RunAsync(new SyntheticCounty(20_170_228, Residents, Day), new Progress<int>(), CancellationToken.None);
        await app.StartAsync();
        await SettledAsync();
        // The edges come in while the county is counted: what follows is the incremental answer.
        foreach (var some in (await EdgesAsync()).Chunk(50))
            await Records.CommitAsync(TestServer.Operator, [.. some.Select(b => TestServer.Put(b.ToJsonString()))], new(), default);
        await SettledAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Every resource of a type that stands.</summary>
    public async Task<IReadOnlyList<JsonElement>> AllAsync(string type)
    {
        var (found, cursor) = (new List<JsonElement>(), (string?)null);
        do
        {
            var page = await Records.SearchAsync(TestServer.Operator, type, "_count=500" + (cursor is null ? "" : $"&_cursor={Uri.EscapeDataString(cursor)}"), default);
            found.AddRange(page.Matches.Select(m => JsonDocument.Parse(m.Body).RootElement));
            cursor = page.Next;
        }
        while (cursor is not null);
        return found;
    }

    // Deaths, moves, illnesses outgrown, forms that were not finished, readings at the limit, reactions beside a good pressure, visits by telephone only.
    private async Task<List<JsonObject>> EdgesAsync()
    {
        var edges = new List<JsonObject>();
        // Of those who are followed some die within the year; with them go some whom nobody follows.
        var followed = (await AllAsync("EpisodeOfCare")).Where(e => string.CompareOrdinal(Text(e.GetProperty("period"), "start"), $"{Day.AddDays(-240):yyyy-MM-dd}") < 0)
            .Select(e => Text(e.GetProperty("patient"), "reference").Split('/')[1]).ToHashSet(StringComparer.Ordinal);
        var dying = followed.Order(StringComparer.Ordinal).Where((_, n) => n % 6 is 0).ToHashSet(StringComparer.Ordinal);
        foreach (var (number, patient) in (await AllAsync("Patient")).Index())
        {
            var body = Edit(patient);
            var person = (string)body["id"]!;
            if (dying.Contains(person) || (number % 19 is 3 && !followed.Contains(person)))
                edges.Add(With(body, b => b["deceasedDateTime"] = $"{Day.AddDays(-number % 200):yyyy-MM-dd}"));
            else if (number % 23 is 4) edges.Add(With(body, b => b["active"] = false));
            else if (number % 29 is 5) edges.Add(With(body, b => b["birthDate"] = $"{Day.Year - 65}-{(number % 2 is 0 ? "12-31" : "01-01")}"));
            else if (number % 29 is 6) edges.Add(With(body, b => b["birthDate"] = $"{Day.Year - 64}-01-01"));
            if (number % 3 is 0) edges.Add(Form($"x-{person}", "elderly-examination", person, Day.AddDays(-number % 400), number % 9 is 0 ? "in-progress" : "completed"));
            if (number % 7 is 2) edges.Add(Encounter($"c-{person}", person, Day.AddDays(-number % 500), number % 2 is 0 ? "finished" : "cancelled"));
        }

        foreach (var (number, form) in (await AllAsync("QuestionnaireResponse")).Where(f => Text(f, "questionnaire").Contains("-follow-up", StringComparison.Ordinal)).Index())
        {
            var body = Edit(form);
            if (number % 8 is 1) edges.Add(With(body, b => Answer(b, "adverse-reaction", new JsonObject { ["valueCoding"] = new JsonObject { ["code"] = "2" } })));
            else if (number % 11 is 2) edges.Add(With(body, b => Answer(b, "visit-method", new JsonObject { ["valueCoding"] = new JsonObject { ["code"] = "3" } })));
            else if (number % 13 is 3) edges.Add(With(body, b => Answer(b, "systolic", new JsonObject { ["valueInteger"] = number % 2 is 0 ? 140 : 149 })));
            else if (number % 17 is 4) edges.Add(With(body, b => Answer(b, "fasting-glucose", new JsonObject { ["valueDecimal"] = 7.0m })));
            else if (number % 31 is 5) edges.Add(With(body, b => b["status"] = "entered-in-error"));
        }

        foreach (var (number, episode) in (await AllAsync("EpisodeOfCare")).Index())
        {
            var end = number % 2 is 0 ? $"{Day.Year}-01-01" : $"{Day.Year - 1}-12-31";
            if (number % 9 is 1 && string.CompareOrdinal(Text(episode.GetProperty("period"), "start"), end) < 0)
                edges.Add(With(Edit(episode), b => (b["status"], b["period"]!["end"]) = ("finished", end)));
        }

        return edges;
    }

    private static JsonObject Form(string id, string form, string person, DateOnly day, string status) => new()
    {
        ["resourceType"] = "QuestionnaireResponse", ["id"] = id, ["questionnaire"] = ProgrammeCodes.Canonical("Questionnaire", form), ["status"] = status,
        ["subject"] = new JsonObject { ["reference"] = $"Patient/{person}" }, ["authored"] = $"{day:yyyy-MM-dd}",
    };

    private static JsonObject Encounter(string id, string person, DateOnly day, string status) => new()
    {
        ["resourceType"] = "Encounter", ["id"] = id, ["status"] = status, ["class"] = new JsonObject { ["code"] = "AMB" },
        ["subject"] = new JsonObject { ["reference"] = $"Patient/{person}" }, ["period"] = new JsonObject { ["start"] = $"{day:yyyy-MM-dd}" },
    };

    private static void Answer(JsonObject form, string link, JsonObject answer)
    {
        foreach (var item in form["item"]!.AsArray())
            if ((string?)item!["linkId"] == link) item["answer"] = new JsonArray(answer);
    }

    private static JsonObject Edit(JsonElement body) => (JsonObject)JsonNode.Parse(body.GetRawText())!;

    private static JsonObject With(JsonObject body, Action<JsonObject> change)
    {
        change(body);
        return body;
    }

    private static string Text(JsonElement body, string member) => body.TryGetProperty(member, out var found) ? found.GetString()! : "";

    // Quiet: nothing new in the record for some seconds, and everything counted.
    private async Task SettledAsync()
    {
        var (feed, freshness) = (app.Services.GetRequiredService<RecordFeed>(), app.Services.GetRequiredService<Freshness>());
        var (position, quiet) = (0L, 0);
        for (var tries = 0; quiet < QuietSeconds * 4; tries++)
        {
            Assert.True(tries < 1_200, "The county did not come to rest within five minutes.");
            var entries = await feed.AfterAsync(TestServer.Operator, position, 2_000, default);
            quiet = entries.Count is 0 && freshness.BehindSince is null ? quiet + 1 : 0;
            if (entries.Count is 0) await Task.Delay(250);
            else position = entries[^1].Position;
        }
    }
}
