using System.Globalization;
using System.Text.Json;
using Tongxin.Kernel.Records;

namespace Tongxin.Faults;

/// <summary>After a fault: nothing acknowledged is lost, nothing half is visible, everything derived agrees.</summary>
internal static class Checker
{
    private const int PageSize = 2_000;
    private static readonly Visibility All = new Visibility.Everything();

    /// <summary>Checks all that the history and the store say of each other; returns how many versions were acknowledged.</summary>
    public static async Task<int> CheckAsync(Target target, string historyPath)
    {
        await using var store = await target.OpenAsync();
        var versions = await FeedAsync(store);
        var acknowledged = History.Read(historyPath).ToList();
        var lost = Lost(acknowledged, versions);
        Assert.True(lost.Count is 0, $"{lost.Count} of {acknowledged.Count} acknowledged versions are lost, e.g. {string.Join(", ", lost.Take(5))}");

        CheckWhole(versions.Values);
        foreach (var (key, version, digest) in acknowledged.Where(a => a.Version > 0).TakeLast(50))
            Assert.Equal(digest, History.Digest((await store.ReadVersionAsync(key, version, All, CancellationToken.None))!));

        var findings = await Target.UpkeepOf(store).VerifyAsync(Load.Extract, null, CancellationToken.None);
        Assert.True(findings.Count is 0, string.Join('\n', findings));
        await CheckAuditAsync(target, versions.Values);
        return acknowledged.Count;
    }

    /// <summary>How many acknowledged versions are gone.</summary>
    public static async Task<int> LostAsync(Target target, string historyPath)
    {
        await using var store = await target.OpenAsync();
        return Lost(History.Read(historyPath), await FeedAsync(store)).Count;
    }

    private static List<(ResourceKey Key, long Version, string Digest)> Lost(
        IEnumerable<(ResourceKey Key, long Version, string Digest)> acknowledged, Dictionary<(ResourceKey, long), Stored> versions) =>
        [.. acknowledged.Where(a => a.Version > 0 && !(versions.TryGetValue((a.Key, a.Version), out var stored) && History.Digest(stored) == a.Digest))];

    private static async Task<Dictionary<(ResourceKey, long), Stored>> FeedAsync(IRecordStore store)
    {
        var versions = new Dictionary<(ResourceKey, long), Stored>();
        var position = 0L;
        while (await store.FeedAsync(position, PageSize, CancellationToken.None) is { Count: > 0 } page)
        {
            foreach (var entry in page)
            {
                Assert.True(entry.Position > position, $"The feed runs back at {entry.Position}.");
                position = entry.Position;
                versions.Add((entry.Stored.Key, entry.Stored.Version), entry.Stored);
            }
        }
        return versions;
    }

    private static void CheckWhole(IEnumerable<Stored> versions)
    {
        foreach (var operation in versions.Where(v => !v.IsDeleted).Select(Operation).GroupBy(o => o.Name, StringComparer.Ordinal))
            Assert.True(operation.Count() == operation.First().Parts, $"{operation.Key} has {operation.Count()} of {operation.First().Parts} parts.");
    }

    private static async Task CheckAuditAsync(Target target, IEnumerable<Stored> versions)
    {
        var audited = await target.AuditedAsync();
        Assert.Equal(audited.Count, audited.Distinct(StringComparer.Ordinal).Count());
        Assert.Empty(versions.Where(v => !v.IsDeleted).Select(v => Operation(v).Name).Except(audited, StringComparer.Ordinal));
    }

    private static (string Name, int Parts) Operation(Stored version)
    {
        using var body = JsonDocument.Parse(version.Body);
        var code = body.RootElement.GetProperty("code");
        return (code.GetProperty("text").GetString()!, int.Parse(code.GetProperty("coding")[0].GetProperty("code").GetString()!, CultureInfo.InvariantCulture));
    }
}
