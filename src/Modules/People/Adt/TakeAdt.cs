using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Kernel.People.Matching;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Terminology;
using Tongxin.Modules.People.Registry;
using Tongxin.Web.Components;
using Attribute = Tongxin.Kernel.People.Matching.Attribute;

namespace Tongxin.Modules.People.Adt;

/// <summary>One ADT message: whom it tells of is found by code, else registered as at the counter; A40 merges.</summary>
/// <remarks>Who looks like another goes onto the list of possible duplicates; nobody is joined by likeness.</remarks>
internal sealed class TakeAdt(RecordAccess records, RegisterResident register, PossibleDuplicates pairs, Pinyin pinyin, TimeProvider clock)
{
    private static readonly string[] Keeping = ["A01", "A04", "A08", "A28", "A31"];
    private const string Merging = "A40";

    /// <summary>What was done, in words. Refuses 415 what is no such message, 422 and 409 what its content forbids, with the place.</summary>
    /// <param name="key">Makes a repeated message one.</param>
    public Task<string> HandleAsync(Caller caller, Hl7Message message, string key, CancellationToken cancel)
    {
        var header = message.Header;
        if (header[9] is not "ADT") throw RefusedException.Because(415, "not-supported", $"This server takes ADT messages, not '{header[9]}'.", "MSH^1^9^1");
        if (header[11] is not ("P" or "")) throw RefusedException.Because(415, "not-supported", "This server takes production messages (P) only.", "MSH^1^11");
        if (!header[12].StartsWith("2.", StringComparison.Ordinal)) throw RefusedException.Because(415, "not-supported", $"'{header[12]}' is no version of HL7 v2.", "MSH^1^12");
        var trigger = header[9, 2];
        return trigger is Merging ? MergeAsync(caller, message, cancel)
            : Keeping.Contains(trigger) ? KeepAsync(caller, message, trigger, key, cancel)
            : throw RefusedException.Because(415, "not-supported", $"This server takes {string.Join(", ", Keeping)} and {Merging}, not '{trigger}'.", "MSH^1^9^2");
    }

    private async Task<string> KeepAsync(Caller caller, Hl7Message message, string trigger, string key, CancellationToken cancel)
    {
        var pid = message.First("PID") ?? throw RefusedException.Because(422, "structure", "There is no PID segment.", "PID^1");
        var told = AdtPerson.Read(pid, message.Header, caller.Organisation!, LocalTime.Today(clock));
        var holders = await HoldersAsync(caller, told.Numbers, cancel);
        switch (holders)
        {
            case []:
                return await RegisterAsync(caller, told, key, cancel);
            case [var one]:
                return await UpdateAsync(caller, one, told, $"HL7 ADT {trigger}", key, cancel);
            default:
                for (var i = 1; i < holders.Count; i++) await NoteAsync(holders[0], holders[i], cancel);
                throw RefusedException.Because(409, "multiple-matches", "这些号码在档案中属于不同的人，没有写入；已列入疑似重复，请核对后再发。", "PID^1^3");
        }
    }

    private async Task<string> RegisterAsync(Caller caller, AdtPerson told, string key, CancellationToken cancel)
    {
        switch (await register.HandleAsync(caller, told.Form, isLookedAt: true, key, cancel, Further(told)))
        {
            case RegisterResident.Outcome.Made made:
                foreach (var suspect in made.Suspects.Found) await pairs.NoteAsync(made.Id, suspect.Stored.Key.Id, suspect.Score, cancel);
                return made.Suspects.Found.Count is 0 ? $"Registered as Patient/{made.Id}."
                    : $"Registered as Patient/{made.Id}; {made.Suspects.Found.Count} possible duplicates are to be looked at.";
            case RegisterResident.Outcome.Refused refused:
                throw new RefusedException(422, [.. refused.Issues.Select(i => i with { Expression = AdtPerson.PlaceOf(i.Expression) })]);
            default:
                throw new InvalidOperationException("Somebody was looked at, and yet is to be looked at.");
        }
    }

    private static Action<JsonObject> Further(AdtPerson told) => body =>
    {
        foreach (var identifier in told.Identifiers()) ((JsonArray)body["identifier"]!).Add(identifier);
        if (told.Died is not null) Die(body, told);
    };

    private async Task<string> UpdateAsync(Caller caller, Stored stored, AdtPerson told, string reason, string key, CancellationToken cancel)
    {
        var standing = JsonReading.Parse(stored);
        var form = told.Form;
        // An update may leave out what is known.
        if (form.Birth.Length is 0) form = form with { Birth = standing.Text("birthDate") ?? "" };
        if (form.Sex.Length is 0) form = form with { Sex = standing.Text("gender") is "male" or "female" ? standing.Text("gender")! : "unknown" };
        var (read, issues) = form.Read(LocalTime.Today(clock));
        if (read is null) throw new RefusedException(422, [.. issues.Select(i => i with { Expression = AdtPerson.PlaceOf(i.Expression) })]);
        using var json = JsonDocument.Parse(JsonWriting.Bytes(read));
        var score = PairScore.Of(PatientReading.Record(json.RootElement, pinyin), PatientReading.Record(standing, pinyin));
        var own = standing.Each("identifier").FirstOrDefault(i => i.Text("system") == CitizenId.System).Text("value");
        if (own is not null && told.Form.Number.Length > 0 && CitizenId.TryParse(told.Form.Number, out var citizen) && citizen.Value != own)
            throw RefusedException.Because(409, "duplicate", "这个号码在档案中属于身份证号不同的另一个人。", "PID^1^3");
        if (score.Attributes[(int)Attribute.Name].Agreement is Agreement.Different)
            throw RefusedException.Because(409, "conflict", "这个号码在档案中是另一个姓名：请核对号码和姓名。", "PID^1^5");
        if (own is null && read["identifier"] is JsonArray numbers && numbers.OfType<JsonObject>().FirstOrDefault(i => (string?)i["system"] == CitizenId.System) is { } fresh
            && await records.IsRegisteredAsync(caller, CitizenId.System, (string)fresh["value"]!, cancel))
            throw RefusedException.Because(409, "duplicate", "这个身份证号已经建档，由别处管理：请办理迁入。", "PID^1^3");
        var body = JsonWriting.Edit(stored);
        Apply(body, read, told, hasNumber: own is not null);
        if (JsonNode.DeepEquals(body, JsonWriting.Edit(stored))) return $"Patient/{stored.Key.Id} says all of this already.";
        await records.CommitAsync(caller, [JsonWriting.Put(body, stored.Version)], new(key, reason), cancel);
        return $"Patient/{stored.Key.Id} was updated.";
    }

    // What the message does not say stays; two quotation marks take away. A proven identity number decides birth date and sex.
    private static void Apply(JsonObject body, JsonObject read, AdtPerson told, bool hasNumber)
    {
        Rename(body, (string)read["name"]![0]!["text"]!);
        if (!hasNumber) (body["gender"], body["birthDate"]) = (read["gender"]!.DeepClone(), read["birthDate"]!.DeepClone());
        foreach (var member in new[] { "telecom", "address" })
            if (read[member] is JsonArray { Count: > 0 } given) SetFirst(body, member, (JsonObject)given[0]!);
        if (told.IsPhoneTakenAway) body.Remove("telecom");
        if (told.IsAddressTakenAway) body.Remove("address");
        var all = body["identifier"] as JsonArray ?? [];
        foreach (var identifier in ((JsonArray)read["identifier"]!).OfType<JsonObject>().Concat(told.Identifiers()).ToList())
            if (!all.OfType<JsonObject>().Any(i => (string?)i["system"] == (string?)identifier["system"] && (string?)i["value"] == (string?)identifier["value"]))
                all.Add(identifier.DeepClone());
        if (body["identifier"] is null && all.Count > 0) body["identifier"] = all;
        if (told.Died is not null) Die(body, told);
    }

    private static void Rename(JsonObject body, string text)
    {
        using var json = JsonDocument.Parse(JsonWriting.Bytes(body));
        if (PatientReading.Name(json.RootElement) == text) return;
        var names = body["name"] as JsonArray ?? [];
        foreach (var name in names.OfType<JsonObject>()) name["use"] = "old";
        names.Insert(0, new JsonObject { ["use"] = "official", ["text"] = text });
        if (body["name"] is null) body["name"] = names;
    }

    private static void SetFirst(JsonObject body, string member, JsonObject given)
    {
        var key = member is "telecom" ? "value" : "text";
        if (body[member] is not JsonArray { Count: > 0 } list) body[member] = new JsonArray(given.DeepClone());
        else if ((string?)list[0]![key] != (string?)given[key]) list[0] = given.DeepClone();
    }

    private static void Die(JsonObject body, AdtPerson told)
    {
        if (body["deceasedDateTime"] is not null) return;
        body.Remove("deceasedBoolean");
        if (told.DayOfDeath is { } day) body["deceasedDateTime"] = day;
        else body["deceasedBoolean"] = true;
    }

    // PID names whom everything goes to, MRG who ends (HL7 v2.5.1 §3.3.40).
    private async Task<string> MergeAsync(Caller caller, Hl7Message message, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        if (message.All("PID").ToList() is not [var pid] || message.All("MRG").ToList() is not [var mrg])
            throw RefusedException.Because(422, "structure", "A merge has one PID and one MRG segment.", "MRG^1");
        var kept = await OneAsync(caller, AdtPerson.Read(pid, 3, message.Header, today), "PID^1^3", cancel);
        var gone = await OneAsync(caller, AdtPerson.Read(mrg, 1, message.Header, today), "MRG^1^1", cancel);
        if (kept == gone) return $"Both are Patient/{kept} already.";
        var moved = await pairs.MergeAsync(caller, kept, gone, $"HL7 ADT A40 {message.Header[10]}", cancel);
        return $"Patient/{gone} was merged into Patient/{kept}; {moved} further resources were moved.";
    }

    private async Task<string> OneAsync(Caller caller, IReadOnlyList<(string, string)> numbers, string place, CancellationToken cancel) =>
        await HoldersAsync(caller, numbers, cancel) switch
        {
            [] => throw RefusedException.Because(404, "not-found", "档案中没有这个号码，或不归发送方管理。", place),
            [var one] => one.Key.Id,
            _ => throw RefusedException.Because(409, "multiple-matches", "这些号码在档案中属于不同的人。", place),
        };

    private async Task<IReadOnlyList<Stored>> HoldersAsync(Caller caller, IEnumerable<(string System, string Value)> numbers, CancellationToken cancel)
    {
        var found = new Dictionary<ResourceKey, Stored>();
        foreach (var (system, value) in numbers)
            foreach (var holder in await PixOperation.HoldersAsync(records, caller, system, value, cancel)) found.TryAdd(holder.Key, holder);
        return [.. found.Values];
    }

    private Task NoteAsync(Stored a, Stored b, CancellationToken cancel) => pairs.NoteAsync(
        a.Key.Id, b.Key.Id, PairScore.Of(PatientReading.Record(JsonReading.Parse(a), pinyin), PatientReading.Record(JsonReading.Parse(b), pinyin)), cancel);
}
