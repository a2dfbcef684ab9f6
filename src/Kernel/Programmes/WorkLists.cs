using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Programmes;

/// <summary>Which part of the open work to list.</summary>
public enum WorkSpan { Today, ThisWeek, Overdue, All }

/// <summary>What a work list is asked for.</summary>
public sealed record WorkFilter
{
    public WorkSpan Span { get; init; } = WorkSpan.Today;

    /// <summary>Code of one programme; null for all.</summary>
    public string? Programme { get; init; }

    /// <summary>References of the organisations whose work it is (a village clinic, or all below a township); empty for all that the caller may see.</summary>
    public IReadOnlyList<string> Organisations { get; init; } = [];

    /// <summary>Reference of who claimed it; null for anybody's.</summary>
    public string? Owner { get; init; }

    public int Count { get; init; } = DefaultCount;
    public string? Cursor { get; init; }

    public const int DefaultCount = 50;
    public const int Most = 500;
}

/// <summary>One line of a work list.</summary>
/// <param name="Task">What is owed.</param>
/// <param name="State">Where the day stands to its window.</param>
/// <param name="Patient">The person, or undefined when not visible.</param>
/// <param name="Version">Version of the task, for claiming and rescheduling.</param>
public sealed record WorkItem(ProgrammeTask Task, WindowState State, JsonElement Patient, long Version);

/// <summary>One page of work.</summary>
public sealed record WorkPage(IReadOnlyList<WorkItem> Items, string? Next);

/// <summary>The day's work (今日工作): open tasks by window, read from the record, states computed from dates.</summary>
public sealed class WorkLists(RecordAccess records, TimeProvider clock)
{
    private const int DaysAhead = 6;
    private static readonly string[] Open = ["requested", "accepted", "in-progress"];

    /// <summary>Open work on a day, what ends first stands first. <paramref name="day"/> null is today.</summary>
    public async Task<WorkPage> ForAsync(Caller caller, WorkFilter filter, CancellationToken cancel, DateOnly? day = null)
    {
        var on = day ?? LocalTime.Today(clock);
        var page = await records.SearchAsync(caller, WithPeople(Request(filter, on)), cancel);
        return new(Items(page, on), page.Next);
    }

    private static SearchRequest WithPeople(SearchRequest request) =>
        request with { Includes = [new(false, false, "Task", SearchParameters.Get("Task", "patient"), "Patient")] };

    private static List<WorkItem> Items(SearchPage page, DateOnly on)
    {
        var people = page.Included.Where(i => i.Key.Type is "Patient").ToDictionary(i => i.Key.ToString(), RecordReading.Parse, StringComparer.Ordinal);
        var items = new List<WorkItem>();
        foreach (var stored in page.Matches)
            if (ProgrammeTask.Of(RecordReading.Parse(stored)) is { } task)
                items.Add(new(task, task.Window.On(on), people.GetValueOrDefault(task.Person ?? ""), stored.Version));
        return items;
    }

    /// <summary>How many of each span.</summary>
    public async Task<IReadOnlyDictionary<WorkSpan, long>> CountsAsync(Caller caller, WorkFilter filter, CancellationToken cancel)
    {
        var on = LocalTime.Today(clock);
        var spans = new[] { WorkSpan.Today, WorkSpan.ThisWeek, WorkSpan.Overdue };
        var pages = await Task.WhenAll(spans.Select(s =>
            records.SearchAsync(caller, Request(filter with { Span = s }, on) with { Total = TotalMode.Accurate, Summary = SummaryMode.Count, Sort = [] }, cancel)));
        return spans.Zip(pages).ToDictionary(p => p.First, p => p.Second.Total ?? 0);
    }

    /// <summary>Open and closed tasks whose people were called or visited in the last <see cref="Trace.DaysListed"/> days, the latest change first.</summary>
    public async Task<(IReadOnlyList<(Trace Trace, WorkItem Item)> Items, string? Next)> TracedAsync(Caller caller, WorkFilter filter, CancellationToken cancel)
    {
        var on = LocalTime.Today(clock);
        var since = new DateTimeOffset(on.AddDays(-Trace.DaysListed).ToDateTime(TimeOnly.MinValue), LocalTime.Offset).ToUniversalTime();
        var criteria = Belonging(filter);
        criteria.Add(Any("business-status", [new SearchValue.Token(ProgrammeCodes.ContactOutcome, null)]));
        criteria.Add(new Criterion.UpdatedWithin(Prefix.Ge, since, since));
        var page = await records.SearchAsync(caller, WithPeople(Sorted(filter, criteria, "_lastUpdated", descending: true)), cancel);
        var items = Items(page, on).Select(i => (Trace.Of(i.Task, on), i)).Where(t => t.Item1 is not null).Select(t => (t.Item1!, t.i));
        return ([.. items], page.Next);
    }

    /// <summary>Takes a task for oneself. 412 when it is no longer as the doctor saw it, for one when somebody else took it meanwhile.</summary>
    public Task ClaimAsync(Caller caller, string taskId, CancellationToken cancel, long? ifVersion = null) => ChangeAsync(caller, taskId, ifVersion, task =>
    {
        task["status"] = "accepted";
        task["owner"] = Json.Reference(caller.Subject);
    }, "认领", cancel);

    /// <summary>Gives a task to somebody else.</summary>
    public async Task DelegateAsync(Caller caller, string taskId, string to, CancellationToken cancel, long? ifVersion = null)
    {
        var key = ResourceKey.Parse(to);
        if (key.Type is not "Practitioner" || await records.ReadAsync(caller, key, cancel) is not { IsDeleted: false })
            throw RefusedException.Because(422, "not-found", "没有这位医生。");
        await ChangeAsync(caller, taskId, ifVersion, task =>
        {
            task["status"] = "accepted";
            task["owner"] = Json.Reference(key.ToString());
        }, "转派", cancel);
    }

    /// <summary>Moves a task to another day, with a reason that stays with it. Refuses (422) the past and days after it expires.</summary>
    public Task RescheduleAsync(Caller caller, string taskId, DateOnly to, string reason, CancellationToken cancel, long? ifVersion = null)
    {
        if (string.IsNullOrWhiteSpace(reason)) throw RefusedException.Because(422, "required", "改期需要说明原因。");
        if (to < LocalTime.Today(clock)) throw RefusedException.Because(422, "business-rule", "不能改到今天之前。");
        return ChangeAsync(caller, taskId, ifVersion, task => Move(task, to, $"改期至 {Json.Text(to)}：{reason}", caller), "改期", cancel);
    }

    /// <summary>Records a call or a visit attempt. Coming or later with a day moves the task; moved, refused, dead close nothing by themselves: they propose the exit.</summary>
    public Task AttemptAsync(Caller caller, string taskId, ContactOutcome outcome, DateOnly? when, string? note, CancellationToken cancel, long? ifVersion = null)
    {
        if (when < LocalTime.Today(clock)) throw RefusedException.Because(422, "business-rule", "约定的日期不能早于今天。");
        return ChangeAsync(caller, taskId, ifVersion, task => Attempt(caller, task, outcome, when, note), "追访", cancel);
    }

    /// <summary>Says what came of work that somebody asked for and that no form records. Refuses (409) what a programme owes: that ends with its visit.</summary>
    public Task AnswerAsync(Caller caller, string taskId, string note, CancellationToken cancel, long? ifVersion = null)
    {
        if (string.IsNullOrWhiteSpace(note)) throw RefusedException.Because(422, "required", "请写下结果。");
        return ChangeAsync(caller, taskId, ifVersion, task =>
        {
            if (ProgrammeTask.Of(JsonSerializer.SerializeToElement(task)) is not { Programme: AskedWork.Programme })
                throw RefusedException.Because(409, "conflict", "项目任务由随访自动完成。");
            Note(task, note, caller);
            task["status"] = "completed";
            task["statusReason"] = Json.Concept(ProgrammeCodes.ExitReason, "answered", "已答复");
            task["lastModified"] = Json.Text(LocalTime.Today(clock));
        }, "答复", cancel);
    }

    private void Attempt(Caller caller, JsonObject task, ContactOutcome outcome, DateOnly? when, string? note)
    {
        var (code, text) = Words(outcome);
        task["businessStatus"] = Json.Concept(ProgrammeCodes.ContactOutcome, code, text);
        var sentence = $"{text}{(when is { } day ? $"（{Json.Text(day)}）" : "")}{(note is { Length: > 0 } ? $"：{note}" : "")}";
        if (when is { } moved && outcome is ContactOutcome.Coming or ContactOutcome.Later) Move(task, moved, sentence, caller);
        else Note(task, sentence, caller);
        Replace((JsonArray)task["input"]!, ProgrammeTask.AttemptedInput, LocalTime.Today(clock));
    }

    private void Move(JsonObject task, DateOnly to, string sentence, Caller caller)
    {
        var window = ProgrammeTask.Of(JsonSerializer.SerializeToElement(task))!.Window;
        if (to > window.Expires) throw RefusedException.Because(422, "business-rule", $"不能改到 {Json.Text(window.Expires)} 之后：该项服务届时已过期。");
        var inputs = (JsonArray)task["input"]!;
        Replace(inputs, "due", to);
        Replace(inputs, "rescheduled", to);
        var period = (JsonObject)task["restriction"]!["period"]!;
        if (to < window.Start) period["start"] = Json.Text(to);
        if (to > window.End) period["end"] = Json.Text(to);
        Note(task, sentence, caller);
    }

    private static void Replace(JsonArray inputs, string name, DateOnly day)
    {
        foreach (var old in inputs.OfType<JsonObject>().Where(i => (string?)i["type"]?["coding"]?[0]?["code"] == name).ToList()) inputs.Remove(old);
        inputs.Add(ProgrammeTask.Input(name, "valueDate", Json.Text(day)));
    }

    private void Note(JsonObject task, string sentence, Caller caller)
    {
        if (task["note"] is not JsonArray notes) task["note"] = notes = [];
        notes.Add(new JsonObject { ["authorString"] = caller.Name, ["time"] = ResourceBody.Instant(clock.GetUtcNow()), ["text"] = sentence });
    }

    private async Task ChangeAsync(Caller caller, string taskId, long? ifVersion, Action<JsonObject> change, string why, CancellationToken cancel)
    {
        var stored = ResourceKey.IsLegalId(taskId) ? await records.ReadAsync(caller, new("Task", taskId), cancel) : null;
        if (stored is null or { IsDeleted: true } || ProgrammeTask.Of(RecordReading.Parse(stored)) is not { } task) throw RefusedException.Because(404, "not-found", "没有这项任务。");
        if (!task.IsOpen) throw RefusedException.Because(409, "conflict", "这项任务已经结束。");
        if (ifVersion is { } seen && seen != stored.Version) throw RefusedException.Because(412, "conflict", "这项任务刚由别人改过，请看一眼再决定。");
        var body = (JsonObject)JsonNode.Parse(stored.Body.Span)!;
        change(body);
        await records.CommitAsync(caller, [RecordReading.Put(body, stored.Version)], new(Reason: why), cancel);
    }

    private static SearchRequest Request(WorkFilter filter, DateOnly day)
    {
        var criteria = Belonging(filter);
        criteria.Add(Any("status", [.. Open.Select(s => new SearchValue.Token(null, s))]));
        criteria.AddRange(filter.Span switch
        {
            // Begun by the day; those whose end is past are overdue and stand at the top of today.
            WorkSpan.Today => [Window(Prefix.Lt, day.AddDays(1))],
            WorkSpan.ThisWeek => [Window(Prefix.Lt, day.AddDays(DaysAhead + 1)), Window(Prefix.Ge, day)],
            WorkSpan.Overdue => [Window(Prefix.Eb, day)],
            _ => Array.Empty<Criterion>(),
        });
        return Sorted(filter, criteria, "window-end", descending: false);
    }

    private static SearchRequest Sorted(WorkFilter filter, List<Criterion> criteria, string by, bool descending) => new()
    {
        Type = "Task", Criteria = criteria, Sort = [new(SearchParameters.Get("Task", by), descending)],
        Count = Math.Clamp(filter.Count, 1, WorkFilter.Most), Cursor = filter.Cursor,
    };

    private static List<Criterion> Belonging(WorkFilter filter)
    {
        var criteria = new List<Criterion>();
        if (filter.Organisations.Count > 0)
            criteria.Add(Any("requester", [.. filter.Organisations.Select(ResourceKey.Parse).Select(k => new SearchValue.Reference(k.Type, k.Id))]));
        if (filter.Owner is { } owner) criteria.Add(Any("owner", [new SearchValue.Reference(ResourceKey.Parse(owner).Type, ResourceKey.Parse(owner).Id)]));
        criteria.Add(Any("group-identifier", [new SearchValue.Token(ProgrammeCodes.Programme, filter.Programme)]));
        return criteria;
    }

    private static Criterion Any(string code, IReadOnlyList<SearchValue> values) => new Criterion.Matches(SearchParameters.Get("Task", code), Modifier.None, values);

    /// <summary>Compares with the midnight that begins a local day.</summary>
    private static Criterion Window(Prefix prefix, DateOnly day)
    {
        var at = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), LocalTime.Offset).ToUniversalTime();
        return new Criterion.Matches(SearchParameters.Get("Task", "window"), Modifier.None, [new SearchValue.Date(prefix, at, at)]);
    }

    private static (string Code, string Text) Words(ContactOutcome outcome) => outcome switch
    {
        ContactOutcome.Coming => ("coming", "会来"),
        ContactOutcome.Later => ("later", "改日再约"),
        ContactOutcome.Moved => ("moved", "已迁出"),
        ContactOutcome.Refused => ("refused", "拒绝"),
        ContactOutcome.Dead => ("dead", "已死亡"),
        _ => ("unreachable", "联系不上"),
    };
}

/// <summary>What a call or a visit attempt came to (追访结果).</summary>
public enum ContactOutcome { Coming, Later, Moved, Refused, Dead, Unreachable }
