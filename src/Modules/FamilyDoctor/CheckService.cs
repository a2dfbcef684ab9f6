using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;
using Tongxin.Web.Components;

namespace Tongxin.Modules.FamilyDoctor;

/// <summary>抽查回访：somebody of another site called the resident, who says that the service was given, or that it was not.</summary>
/// <remarks>Refuses 404, 412 (checked by somebody else meanwhile), 422 <c>own</c> (a site does not check its own services).</remarks>
public sealed class CheckService(RecordAccess records)
{
    public async Task CheckAsync(Caller caller, string fulfilment, bool wasGiven, CancellationToken cancel)
    {
        if (!ResourceKey.IsLegalId(fulfilment) || await records.ReadAsync(caller, new("ChargeItem", fulfilment), cancel) is not { IsDeleted: false } stored
            || FulfilmentBody.Read(JsonReading.Parse(stored)) is not { } one) throw RefusedException.Because(404, "not-found", "没有这项服务。");
        if (one.Site == caller.Organisation) throw RefusedException.Because(422, "own", "自己单位的服务由别的单位回访。");
        var after = one with { Check = wasGiven ? QualityCheck.Passed : QualityCheck.Failed };
        await records.CommitAsync(caller, [JsonWriting.Put(FulfilmentBody.Write(after), stored.Version)], new(Reason: "抽查回访"), cancel);
    }
}
