using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Programmes;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>What the calendar does to contracts: the day after its last a contract expires, or hands over to its renewal.</summary>
/// <remarks>Pages need none of it, since the state is computed from the day; it ends the relation by which the team sees the person. Runs each midnight (UTC+8).</remarks>
internal sealed partial class ContractTurnover(RecordAccess records, TimeProvider clock, ILogger<ContractTurnover> logger) : StandingWork
{
    private static readonly Caller Self = Caller.System("contract-turnover");

    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var today = LocalTime.Today(clock);
            Turned(today, await SweepAsync(records, today, cancel));
            var tomorrow = new DateTimeOffset(today.AddDays(1).ToDateTime(TimeOnly.MinValue), LocalTime.Offset);
            await Task.Delay(tomorrow - clock.GetUtcNow() + TimeSpan.FromSeconds(1), clock, cancel);
        }
    }

    /// <returns>How many people's contracts turned.</returns>
    internal static async Task<int> SweepAsync(RecordAccess records, DateOnly today, CancellationToken cancel)
    {
        var turned = 0;
        await foreach (var stored in ContractReading.PagesAsync(records, Self, "Contract", "status=executed,executable&_count=500", int.MaxValue, cancel))
            if (ContractBody.Read(JsonReading.Parse(stored), stored.Version) is { } contract && contract.StateOn(today) != contract.Kept
                && await PersonAsync(records, Self, contract.Patient, today, cancel)) turned++;
        return turned;
    }

    /// <summary>Brings one person's contracts to the day; true when something turned. Somebody else turning them meanwhile is as good.</summary>
    public static async Task<bool> PersonAsync(RecordAccess records, Caller caller, string patient, DateOnly today, CancellationToken cancel)
    {
        var late = (await ContractReading.OfPersonAsync(records, caller, patient, cancel)).Where(c => c.StateOn(today) != c.Kept).ToList();
        if (late.Count is 0) return false;
        var begins = late.Exists(c => c.Kept is ContractState.Signed && c.StateOn(today) is ContractState.Active);
        var changes = new List<Change>();
        foreach (var contract in late)
        {
            if (await records.ReadAsync(caller, new("Contract", contract.Id), cancel) is not { IsDeleted: false } stored || stored.Version != contract.Version) return false;
            var state = contract.StateOn(today) is ContractState.Expired && contract.Kept is ContractState.Active && begins ? ContractState.Renewed : contract.StateOn(today);
            changes.Add(JsonWriting.Put(ContractBody.State(JsonWriting.Edit(stored), state, patient, contract.Team, null), stored.Version));
        }

        try
        {
            await records.CommitAsync(caller, changes, new(Reason: "签约到期"), cancel);
            return true;
        }
        catch (RefusedException moved) when (moved.Status is 409 or 412)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Contracts on {Day}: {Turned} people's turned")]
    private partial void Turned(DateOnly day, int turned);
}
