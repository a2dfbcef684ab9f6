using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Programmes.Packages;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>Sends people of a cell to those who care for them as tasks (派发): the number becomes work.</summary>
/// <remarks>
/// The sender need not be allowed to know the people: she sends the pseudonyms that she sees, and the village doctor, who cares for them, reads the names.
/// So the tasks are written by the system's hand, after <see cref="May"/> and the outlook have decided; the passage stands in the audit trail under her name.
/// Sending again adds nobody for whom the same is still open, or was asked today.
/// </remarks>
public sealed class SendList(RecordAccess records, InstalledProgrammes installed, TimeProvider clock)
{
    public const int LongestText = 400;

    /// <summary>More people than a county can be asked about in one go; the rest is a second list.</summary>
    public const int Most = 500;

    private static readonly Caller Hand = Caller.System("cockpit");

    /// <summary>What is sent: of one place the people under these pseudonyms, or all of the list.</summary>
    /// <param name="Aliases">Null for everybody of the list.</param>
    public sealed record Request(string Place, DateOnly AsOf, bool? Numerator, string? Reason, IReadOnlySet<string>? Aliases, string Text, string By);

    /// <summary>How many tasks came of it, and for how many people the same was asked before.</summary>
    public sealed record Outcome(int Sent, int Standing);

    /// <summary>Where a person's task stands.</summary>
    public sealed record Standing(DateOnly Asked, bool IsOpen, bool IsDone);

    /// <summary>Who leads those who care may ask them; who sees counts only has nobody to send.</summary>
    public static bool May(Caller caller, Outlook outlook) => caller.Scopes is null && outlook.Detail is not Detail.Counts
        && caller.Role is Role.CountyCommission or Role.HospitalManager or Role.DiseaseControl or Role.TeamLeader or Role.PublicHealthStaff or Role.TownshipClinician;

    /// <summary>Throws <see cref="RefusedException"/>: 404 for who may not send, 422 without a sentence or without people.</summary>
    public async Task<Outcome> SendAsync(Caller caller, Outlook outlook, Request request, CancellationToken cancel)
    {
        if (!May(caller, outlook) || outlook.Within(request.Place) != request.Place) throw RefusedException.Because(404, "not-found", "没有这份名单。");
        if (string.IsNullOrWhiteSpace(request.Text)) throw RefusedException.Because(422, "required", "请写明为什么派发。");
        if (request.Text.Length > LongestText) throw RefusedException.Because(422, "too-long", $"说明不能超过 {LongestText} 字。");
        var members = outlook.Members(request.Place, request.AsOf, request.Numerator, request.Reason, request.Aliases, Most + 1);
        if (members.Count is 0) throw RefusedException.Because(422, "not-found", "名单里没有人。");
        if (members.Count > Most) throw RefusedException.Because(422, "too-costly", $"一次最多派发 {Most} 人。");
        var asked = await AskedAsync(outlook.Indicator, [.. members.Select(m => m.Person)], cancel);
        var today = LocalTime.Today(clock);
        var fresh = members.Where(m => !asked[m.Person].Any(t => t.IsOpen || OnDay(t) == today)).ToList();
        if (fresh.Count > 0) await WriteAsync(caller, outlook.Indicator, request, fresh, cancel);
        return new(fresh.Count, members.Count - fresh.Count);
    }

    /// <summary>The latest task of each person about this indicator, by alias; nobody for who may not send.</summary>
    public async Task<IReadOnlyDictionary<string, Standing>> StandingAsync(Caller caller, Outlook outlook, string place, DateOnly asOf, IReadOnlySet<string> aliases,
        CancellationToken cancel)
    {
        var found = new Dictionary<string, Standing>(StringComparer.Ordinal);
        if (!May(caller, outlook) || aliases.Count is 0) return found;
        var members = outlook.Members(place, asOf, null, null, aliases, Most);
        var asked = await AskedAsync(outlook.Indicator, [.. members.Select(m => m.Person)], cancel);
        foreach (var member in members)
            if (asked[member.Person].MaxBy(OnDay) is { } latest)
                found[outlook.Alias(member.Person)] = new(OnDay(latest), latest.IsOpen, latest.Status is "completed");
        return found;
    }

    private async Task WriteAsync(Caller caller, Indicator indicator, Request request, List<Member> members, CancellationToken cancel)
    {
        var package = installed.Current.All.LastOrDefault(p => p.Source.Name == indicator.Module && p.IsValidOn(LocalTime.Today(clock)));
        var forms = package is null || FollowUp(package) is not null ? [] : await FormsAsync(package, members, cancel);
        var changes = members.Select(m => RecordReading.Put(Asked(caller, indicator, request, package, forms.GetValueOrDefault(m.Person), m)
            .Write(indicator.Reasons.GetValueOrDefault(m.Reason, m.Reason), clock.GetUtcNow()))).ToList();
        await records.NoteFiguresAsync(caller, "send", $"{indicator.Id} {request.Place} {request.AsOf:yyyy-MM-dd}", [.. members.Select(m => m.Person)], cancel);
        await records.CommitAsync(Hand, changes, new(Reason: $"{request.By} {caller.Name} 派发：{indicator.Title}"), cancel);
    }

    private static AskedWork Asked(Caller caller, Indicator indicator, Request request, ProgrammePackage? package, string? form, Member member) => new()
    {
        Topic = indicator.Id, Person = member.Person, Organisation = member.Organisation, By = request.By, Sender = caller.Name,
        Title = $"{indicator.Title}：{indicator.Reasons.GetValueOrDefault(member.Reason, member.Reason)}", Text = request.Text.Trim(),
        Form = package is null ? null : FollowUp(package) ?? form ?? package.Services.Select(s => s.Form).FirstOrDefault(f => f.Length > 0),
        Label = package?.Sensitivity,
    };

    // Whoever has a class is judged by the visit that sets the next one.
    private static string? FollowUp(ProgrammePackage package) => package.Services.FirstOrDefault(s => s.Kind is ServiceKind.ByClass)?.Form;

    // What the programme owes a person names the form that does it: a child's next examination, a pregnancy's next visit.
    private async Task<Dictionary<string, string>> FormsAsync(ProgrammePackage package, List<Member> members, CancellationToken cancel)
    {
        var forms = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var task in await TasksAsync([.. members.Select(m => m.Person)], $"group-identifier={ProgrammeCodes.Programme}|{package.Code}", cancel))
            if (task is { IsOpen: true, Form: { } form, Person: { } person }) forms.TryAdd(ResourceKey.Parse(person).Id, form);
        return forms;
    }

    private async Task<ILookup<string, ProgrammeTask>> AskedAsync(Indicator indicator, IReadOnlyList<string> people, CancellationToken cancel) =>
        (await TasksAsync(people, $"code={ProgrammeCodes.Service}|{AskedWork.Code(indicator.Id)}", cancel))
            .ToLookup(t => ResourceKey.Parse(t.Person!).Id, StringComparer.Ordinal);

    private async Task<List<ProgrammeTask>> TasksAsync(IReadOnlyList<string> people, string which, CancellationToken cancel)
    {
        const int peopleAtOnce = 100;
        var tasks = new List<ProgrammeTask>();
        foreach (var some in people.Chunk(peopleAtOnce))
        {
            string? cursor = null;
            do
            {
                var page = await records.SearchAsync(Hand, "Task",
                    $"{which}&patient={string.Join(',', some.Select(p => $"Patient/{p}"))}&_count=500{(cursor is null ? "" : $"&_cursor={Uri.EscapeDataString(cursor)}")}", cancel);
                tasks.AddRange(page.Matches.Select(RecordReading.Parse).Select(ProgrammeTask.Of).OfType<ProgrammeTask>());
                cursor = page.Next;
            }
            while (cursor is not null);
        }

        return tasks;
    }

    private static DateOnly OnDay(ProgrammeTask task) => task.AuthoredOn ?? default;
}
