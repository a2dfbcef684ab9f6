using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Modules.People.Rolls;

/// <summary>One run over one roll: what it was told and what it has counted.</summary>
internal sealed class RollRun
{
    public required Caller Caller { get; init; }
    public required RollRequest Request { get; init; }
    public required Organisation Clinic { get; init; }
    public required IReadOnlyList<Organisation> Places { get; init; }
    public required KnownPeople Known { get; init; }
    public required SerialNumbers Numbers { get; init; }

    /// <summary>Numbers of the rows read, with the row and its name.</summary>
    public Dictionary<string, (int Row, string Name)> Seen { get; } = new(StringComparer.Ordinal);
    public List<RefusedRow> Refused { get; } = [];

    /// <summary>Rows that were not compared with everybody who may be the same person.</summary>
    public List<int> Cut { get; } = [];
    public int New { get; set; }
    public int Same { get; set; }
    public int Doubtful { get; set; }
    public int Repeated { get; set; }

    public void Refuse(RollEntry entry, string field, string sentence) => Refused.Add(new(entry.Line, [Issue.Error("duplicate", sentence, field)]));
}

/// <summary>A row that can be a resident.</summary>
internal sealed class RollEntry
{
    public required RollLine Line { get; init; }
    public required RegistrationForm Form { get; init; }
    public required JsonObject Body { get; init; }
    public required MatchRecord Record { get; init; }

    /// <summary>What tells her from everybody else, the surest first; never empty.</summary>
    public required IReadOnlyList<(string System, string Value)> Numbers { get; init; }

    public string Key => Numbers[0].Value;
    public required string Name { get; init; }

    /// <summary>Empty until she is on record.</summary>
    public string Id { get; set; } = "";

    /// <summary>Who looks like her, the likeliest first.</summary>
    public IReadOnlyList<Lookalike> Alike { get; set; } = [];

    public static RollEntry Of(RollLine line, RegistrationForm form, JsonObject body, Pinyin pinyin)
    {
        var identifiers = (JsonArray)body["identifier"]!;
        var numbers = identifiers.OfType<JsonObject>().Select(i => (System: (string)i["system"]!, Value: (string)i["value"]!))
            .Where(i => i.System != ResidentCodes.HouseholdNumber).OrderBy(i => i.System == CitizenId.System ? 0 : 1).ToList();
        if (numbers.Count is 0)
        {
            var digest = StableId.Of("row", [body["name"]![0]!["text"]!.ToString(), body["birthDate"]!.ToString(), body["gender"]!.ToString(),
                form.Clinic, form.Phone.Trim(), form.Address.Trim(), form.Household.Trim()]);
            identifiers.Add(new JsonObject { ["use"] = "secondary", ["system"] = ImportRoll.RowSystem, ["value"] = digest });
            numbers.Add((ImportRoll.RowSystem, digest));
        }

        using var json = JsonDocument.Parse(Web.Components.JsonWriting.Bytes(body));
        var person = json.RootElement;
        return new()
        {
            Line = line, Form = form, Body = body, Numbers = numbers, Name = PatientReading.Name(person), Record = PatientReading.Record(person, pinyin),
        };
    }
}

/// <summary>Somebody who looks like a row.</summary>
/// <param name="Row">An earlier row of the file; null when it is somebody on record.</param>
internal sealed record Lookalike(RollEntry? Row, string Standing, PairScore Score)
{
    /// <summary>Empty while the earlier row is not on record.</summary>
    public string Id => Row?.Id ?? Standing;
}
