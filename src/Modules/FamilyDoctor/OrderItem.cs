using System.Text.Json;
using System.Text.Json.Nodes;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>One item that a resident ordered (点单) and nobody has answered yet.</summary>
public sealed record Order(string Task, string Patient, string Contract, string Item, DateOnly Day);

/// <summary>点单：during the year a resident orders an item of the menu; her team takes it into the contract, or says why not.</summary>
/// <remarks>An order is a <c>Task</c> of the clinic. Refuses 404, 409 <c>ordered</c> (it is waiting already), 412, 422 <c>state</c>, <c>menu</c>, <c>reason</c>.</remarks>
public sealed class OrderItem(RecordAccess records, ServiceCatalogue catalogue, TimeProvider clock)
{
    public const string Code = "order-item";
    private const string System = "https://tongxin.health/id/order";
    private const string Codes = "https://tongxin.health/cs/contract-task";

    /// <summary>The resident's own order under her running contract.</summary>
    public async Task OrderAsync(Caller caller, string item, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        var contract = await MineAsync(records, caller, today, cancel) ?? throw RefusedException.Because(422, "state", "没有正在履行的签约。");
        if (catalogue.Of(contract.Edition, today).Item(item) is not { OnMenu: true } ordered) throw RefusedException.Because(422, "menu", "目录里没有这个点单项目。");
        var name = $"{contract.Id}:{item}";
        var task = new JsonObject
        {
            ["resourceType"] = "Task",
            ["identifier"] = new JsonArray(new JsonObject { ["system"] = System, ["value"] = name }),
            ["status"] = "requested",
            ["intent"] = "order",
            ["code"] = JsonWriting.Concept(Codes, Code, "点单"),
            ["description"] = ordered.Title,
            ["focus"] = JsonWriting.Reference($"Contract/{contract.Id}"),
            ["for"] = JsonWriting.Reference($"Patient/{contract.Patient}"),
            ["authoredOn"] = ResourceBody.Instant(clock.GetUtcNow()),
            ["requester"] = JsonWriting.Reference(caller.Subject),
            ["owner"] = JsonWriting.Reference($"Organization/{contract.Clinic}"),
            ["input"] = new JsonArray(new JsonObject { ["type"] = JsonWriting.Concept(Codes, "item"), ["valueString"] = item }),
        };
        var committed = await records.CommitAsync(
            caller, [new Change.Create("Task", JsonWriting.Bytes(task), $"identifier={System}|{name}&status=requested")], new(Reason: "点单"), cancel);
        if (committed[0].Outcome is not CommitOutcome.Created) throw RefusedException.Because(409, "ordered", "已经点过，等团队答复。");
    }

    /// <summary>The team's answer: a line more in the contract, or a reason.</summary>
    /// <param name="refusal">Null to take the order.</param>
    public async Task AnswerAsync(Caller caller, string task, string? refusal, CancellationToken cancel)
    {
        var today = LocalTime.Today(clock);
        if (!ResourceKey.IsLegalId(task) || await records.ReadAsync(caller, new("Task", task), cancel) is not { IsDeleted: false } stored
            || Of(JsonReading.Parse(stored)) is not { } order || await ContractReading.ReadAsync(records, caller, order.Contract, cancel) is not var (contract, standing))
            throw RefusedException.Because(404, "not-found", "没有这份点单。");
        if (refusal is not null && (string.IsNullOrWhiteSpace(refusal) || refusal.Length > ContractRules.LongestReason)) throw RefusedException.Because(422, "reason", "请写明原因。");
        if (refusal is null && contract.StateOn(today) is not ContractState.Active) throw RefusedException.Because(422, "state", "签约已不在履行中。");
        var body = JsonWriting.Edit(stored);
        body["status"] = refusal is null ? "completed" : "rejected";
        if (refusal is not null) body["statusReason"] = new JsonObject { ["text"] = refusal.Trim() };
        var changes = new List<Change> { JsonWriting.Put(body, stored.Version) };
        if (refusal is null)
        {
            var edition = catalogue.Of(contract.Edition, today);
            if (edition.Item(order.Item) is not { OnMenu: true } item) throw RefusedException.Because(422, "menu", "目录里没有这个点单项目。");
            var lines = ContractRules.Ordered(contract.Lines, item);
            changes.Add(JsonWriting.Put(ContractBody.Promise(JsonWriting.Edit(standing), lines, edition), standing.Version));
        }

        await records.CommitAsync(caller, changes, new(Reason: "答复点单"), cancel);
    }

    /// <summary>Orders that wait for an answer, among the people whom the caller cares for.</summary>
    public static async Task<IReadOnlyList<Order>> WaitingAsync(RecordAccess records, Caller caller, CancellationToken cancel)
    {
        var waiting = new List<Order>();
        await foreach (var stored in ContractReading.PagesAsync(records, caller, "Task", $"code={Codes}|{Code}&status=requested&_count=200", ContractReading.Most, cancel))
            if (Of(JsonReading.Parse(stored)) is { } order) waiting.Add(order);
        return [.. waiting.OrderBy(o => o.Day)];
    }

    /// <summary>The contract under which the resident who asks is looked after today; null when there is none.</summary>
    public static async Task<FamilyContract?> MineAsync(RecordAccess records, Caller caller, DateOnly today, CancellationToken cancel) =>
        caller.Subject.StartsWith("Patient/", StringComparison.Ordinal)
            ? (await ContractReading.OfPersonAsync(records, caller, caller.Subject["Patient/".Length..], cancel)).FirstOrDefault(c => c.StateOn(today) is ContractState.Active)
            : null;

    private static Order? Of(JsonElement task) => task.Text("status") is "requested" && task.Member("code")?.CodeIn(Codes) is Code
        && task.First("input")?.Text("valueString") is { } item && JsonReading.Day(task.Text("authoredOn")) is { } day
        ? new(task.Text("id") ?? "", task.IdIn("for") ?? "", task.IdIn("focus") ?? "", item, day) : null;
}
