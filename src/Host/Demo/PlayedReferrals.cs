using System.Globalization;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Modules.Referrals;

namespace Tongxin.Host.Demo;

/// <summary>Plays the doctors of the demo: what the programmes propose is sent, accepted, seen and answered as it would have been, and a little is left for the visitor.</summary>
/// <remarks>Only for the county that does not exist. Each referral goes its way by its own stream of chance, on the days when it would have happened.</remarks>
internal sealed class PlayedReferrals(RecordAccess records, TimeProvider clock)
{
    private const int AtOnce = 100;
    private const string Hospital = Places.HospitalId;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);
    private static readonly Caller Self = Caller.System("demo-referrals");

    /// <summary>Until the demo ends: the programmes propose while they work through the county.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            await PlayAsync(cancel);
            await Task.Delay(Between, clock, cancel);
        }
    }

    /// <returns>How many proposals were acted on.</returns>
    internal async Task<int> PlayAsync(CancellationToken cancel)
    {
        var played = 0;
        string? cursor = null;
        do
        {
            var query = $"status=draft&_include=ServiceRequest:patient&_count={AtOnce}" + (cursor is null ? "" : $"&_cursor={Uri.EscapeDataString(cursor)}");
            var page = await records.SearchAsync(Self, "ServiceRequest", query, cancel);
            var clinics = page.Included.DistinctBy(i => i.Key).ToDictionary(i => i.Key.Id, i => ClinicOf(i.Body), StringComparer.Ordinal);
            foreach (var stored in page.Matches)
            {
                using var order = JsonDocument.Parse(stored.Body);
                var patient = ResourceKey(order.RootElement, "subject");
                if (clinics.GetValueOrDefault(patient) is { } clinic && await PlayAsync(stored.Key.Id, Written(order.RootElement), clinic, cancel)) played++;
            }

            cursor = page.Next;
        }
        while (cursor is not null);
        return played;
    }

    // False when it is left to the visitor: the proposals of the last day.
    private async Task<bool> PlayAsync(string request, DateTimeOffset written, string clinic, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var chance = Chance.For(7, $"referral {request}");
        if (written > now.AddDays(-1)) return false;
        var village = new Caller { Subject = $"Practitioner/d-{clinic}", Name = "村医", Role = Role.System, Organisation = clinic };
        // A village's id begins with its town's.
        var to = chance.Happens(0.4) && clinic.IndexOf('v', StringComparison.Ordinal) is > 0 and var end ? clinic[..end] : Hospital;
        var receiver = new Caller { Subject = "Practitioner/s-cardiology", Name = "接诊医生", Role = Role.System, Organisation = to };
        var at = written.AddMinutes(chance.Between(10, 600));
        try
        {
            foreach (var (who, step, hours) in Script(chance, village, receiver, at, now))
            {
                at = at.AddHours(hours);
                if (at > now) break;
                await MoveReferral.HandleAsync(records, who, request, step(at), null, new Past(at), cancel);
            }
        }
        catch (RefusedException)
        {
            // Somebody who tries the demo was faster: his step stands.
        }

        return true;
    }

    private static IEnumerable<(Caller Who, Func<DateTimeOffset, ReferralStep> Step, double Hours)> Script(
        Chance chance, Caller village, Caller receiver, DateTimeOffset at, DateTimeOffset now)
    {
        if (chance.Happens(0.1))
        {
            yield return (village, _ => new ReferralStep.Cancel(chance.Pick<string>(["复测正常", "本人不愿转诊"])), 0);
            yield break;
        }

        yield return (village, _ => new ReferralStep.Send(receiver.Organisation!, true), 0);
        // The last two days' are still to be accepted when the visitor signs in as the specialist.
        if (at > now.AddDays(-2)) yield break;
        if (chance.Happens(0.06))
        {
            yield return (receiver, _ => new ReferralStep.Decline(chance.Pick<string>(["资料不全", "可在基层处理"])), chance.Between(1, 20));
            yield return (village, _ => new ReferralStep.Cancel("按意见在基层处理"), chance.Between(1, 40));
            yield break;
        }

        yield return (receiver, t => new ReferralStep.Accept(t.AddHours(20)), chance.Between(1, 22));
        if (chance.Happens(0.08))
        {
            yield return (receiver, _ => new ReferralStep.Miss(), 26);
            yield return (village, _ => new ReferralStep.Cancel("联系后本人不去"), chance.Between(4, 60));
            yield break;
        }

        yield return (receiver, _ => new ReferralStep.See(), 20 + chance.Between(0, 3));
        yield return (receiver, _ => new ReferralStep.Answer(chance.Pick<string>(["原发性高血压 2 级，未见靶器官损害", "血糖控制不佳，已调整用药", "高血压 3 级，建议加用第二种药"])), chance.Between(1, 60));
        yield return (receiver, t => new ReferralStep.Return("按新方案服药，两周内随访", DateOnly.FromDateTime(t.AddDays(14).Date)), chance.Between(1, 40));
        yield return (village, _ => new ReferralStep.Close(), chance.Between(72, 300));
    }

    private static DateTimeOffset Written(JsonElement order) =>
        order.TryGetProperty("authoredOn", out var at) && DateTimeOffset.TryParse(at.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var written)
            ? written : DateTimeOffset.MaxValue;

    private static string? ClinicOf(ReadOnlyMemory<byte> patient)
    {
        using var body = JsonDocument.Parse(patient);
        return body.RootElement.TryGetProperty("managingOrganization", out _) ? ResourceKey(body.RootElement, "managingOrganization") : null;
    }

    private static string ResourceKey(JsonElement body, string member) => Kernel.Records.ResourceKey.Parse(body.GetProperty(member).GetProperty("reference").GetString()!).Id;

    private sealed class Past(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;
    }
}
