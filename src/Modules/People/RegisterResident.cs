using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.People;

/// <summary>建档: a resident is registered once. Whoever may be she already is shown first, attribute by attribute; the same number is refused.</summary>
public sealed class RegisterResident(RecordAccess records, OrganisationTree tree, LikelyDuplicates duplicates, TimeProvider clock)
{
    /// <summary>Free serials are looked for at most so often; then the number is to be typed.</summary>
    private const int MostTries = 40;

    public abstract record Outcome
    {
        private Outcome() { }

        /// <summary>On record now.</summary>
        /// <param name="Suspects">Whom she looks like all the same.</param>
        public sealed record Made(string Id, Suspects Suspects) : Outcome;

        public sealed record Refused(IReadOnlyList<Issue> Issues) : Outcome;

        /// <summary>Nothing was saved: somebody is to look first.</summary>
        public sealed record Likely(Suspects Suspects) : Outcome;
    }

    /// <param name="isLookedAt">True: the suspects were shown and she is none of them.</param>
    /// <param name="key">Makes a repeated click one registration.</param>
    /// <param name="further">Puts on what the form has no field for, such as another system's codes; null for nothing.</param>
    public async Task<Outcome> HandleAsync(
        Caller caller, RegistrationForm form, bool isLookedAt, string key, CancellationToken cancel, Action<JsonObject>? further = null)
    {
        var (body, issues) = form.Read(LocalTime.Today(clock));
        if (body is null) return new Outcome.Refused(issues);
        further?.Invoke(body);
        var organisations = await tree.GetAsync(cancel);
        if (organisations.Find(form.Clinic) is not { } clinic || !organisations.DownFrom(caller.Organisation).Contains(form.Clinic))
            return new Outcome.Refused([Issue.Error("value", "请选择本机构或下属的管理机构。", "clinic")]);
        if (await BoundAsync(caller, body, cancel) is { Count: > 0 } bound) return new Outcome.Refused(bound);
        using var person = JsonDocument.Parse(JsonWriting.Bytes(body));
        var suspects = await duplicates.HandleAsync(caller, person.RootElement, cancel);
        if (!isLookedAt && suspects.Found.Count > 0) return new Outcome.Likely(suspects);
        if (!Identifiers(body).Any(i => i.System == RecordNumber.System)) await NumberAsync(caller, body, clinic, cancel);
        var committed = await records.CommitAsync(caller, [new Change.Create("Patient", JsonWriting.Bytes(body))], new(key, "建档"), cancel);
        return new Outcome.Made(committed[0].Stored.Key.Id, suspects);
    }

    // A number that is somebody's already, here or elsewhere in the county; the household is many people's.
    private async Task<IReadOnlyList<Issue>> BoundAsync(Caller caller, JsonObject body, CancellationToken cancel)
    {
        var issues = new List<Issue>();
        foreach (var (system, value) in Identifiers(body).Where(i => i.System != ResidentCodes.HouseholdNumber))
            if (await records.IsRegisteredAsync(caller, system, value, cancel))
                issues.Add(system == CitizenId.System
                    ? Issue.Error("duplicate", "这个身份证号已经建档：请先在查找框中输入它；找不到的，是别处管理的居民，请用转诊或迁入办理。", "number")
                    : system == RecordNumber.System ? Issue.Error("duplicate", "这个档案编号已经给了别人。", "recordNumber")
                    : Issue.Error("duplicate", "这个号码已经属于别处管理的另一份档案。", "number"));
        return issues;
    }

    private async Task NumberAsync(Caller caller, JsonObject body, Organisation clinic, CancellationToken cancel)
    {
        var division = clinic.Division ?? "";
        var standing = await records.SearchAsync(caller, "Patient", $"organization=Organization/{clinic.Id}&_summary=count", cancel);
        var serial = (int)Math.Min(standing.Total ?? 0, RecordNumber.MostInVillage) + 1;
        for (var tries = 0; tries < MostTries && serial <= RecordNumber.MostInVillage; tries++, serial++)
        {
            var number = RecordNumber.Make(division, serial);
            if (await records.IsRegisteredAsync(caller, RecordNumber.System, number.Value, cancel)) continue;
            ((JsonArray)body["identifier"]!).Add(new JsonObject { ["system"] = RecordNumber.System, ["value"] = number.Value });
            return;
        }
    }

    private static IEnumerable<(string System, string Value)> Identifiers(JsonObject body) =>
        [.. ((JsonArray)body["identifier"]!).OfType<JsonObject>().Select(i => ((string)i["system"]!, (string)i["value"]!))];
}
