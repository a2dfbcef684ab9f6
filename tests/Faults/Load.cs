using System.Globalization;
using System.Text;
using System.Text.Json;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Faults;

/// <summary>Concurrent writers: single creates, new versions of a register, deletions, and bundles whose parts name each other, so that a half can be seen.</summary>
internal sealed class Load(IRecordStore store, History history, string run)
{
    private const int Writers = 12;
    private const int LargestBundle = 6;
    private static readonly SearchIndex Index = new();
    private int refused;

    /// <summary>Commits that were refused because the store was not able; the writers go on after each.</summary>
    public int Refused => refused;

    /// <summary>What else came out of the store: there must be nothing.</summary>
    public List<Exception> Faults { get; } = [];

    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(w, stop), CancellationToken.None)));

    public static IndexEntries Extract(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        return Index.Extract(document.RootElement);
    }

    private async Task WriteAsync(int writer, CancellationToken stop)
    {
        var random = new Random(HashCode.Combine(writer, run));
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            try
            {
                var operation = string.Create(CultureInfo.InvariantCulture, $"{run}-{writer}-{n}");
                history.Acknowledged(await store.CommitAsync(Commit(operation, Changes(random, writer, operation)), CancellationToken.None));
            }
            catch (RefusedException outage) when (outage.Status is 503)
            {
                Interlocked.Increment(ref refused);
                await Task.Delay(20, CancellationToken.None);
            }
            catch (Exception fault)
            {
                lock (Faults) Faults.Add(fault);
                return;
            }
        }
    }

    private PreparedChange[] Changes(Random random, int writer, string operation)
    {
        var register = new ResourceKey("Basic", $"register-{run}-{writer}");
        return random.Next(10) switch
        {
            < 4 => [Write(new("Basic", $"single-{operation}"), ChangeKind.Create, operation, 1)],
            < 6 => [Write(register, ChangeKind.Put, operation, 1)],
            6 => [new PreparedChange { Key = register, Kind = ChangeKind.Delete }],
            _ => Bundle(operation, random.Next(2, LargestBundle + 1)),
        };
    }

    private static PreparedChange[] Bundle(string operation, int size) =>
        [.. Enumerable.Range(0, size).Select(i => Write(new("Basic", $"part-{operation}-{i}"), i % 2 is 0 ? ChangeKind.Create : ChangeKind.Put, operation, size))];

    /// <summary>A change whose body says which operation it belongs to and how many parts that has.</summary>
    public static PreparedChange Write(ResourceKey key, ChangeKind kind, string operation, int parts)
    {
        var rest = $$"""
            "identifier":[{"system":"urn:operation","value":"{{operation}}"}],"code":{"coding":[{"system":"urn:parts","code":"{{parts}}"}],"text":"{{operation}}"}
            """;
        var whole = Encoding.UTF8.GetBytes($"{{\"resourceType\":\"{key.Type}\",{rest}}}");
        return new() { Key = key, Kind = kind, Body = new(key.Type, default, Encoding.UTF8.GetBytes(rest)), Index = Extract(whole) };
    }

    public static PreparedCommit Commit(string operation, params PreparedChange[] changes) => new()
    {
        Changes = changes,
        Visibility = new Visibility.Everything(),
        At = TimeProvider.System.GetUtcNow(),
        Audit = Encoding.UTF8.GetBytes($"{{\"operation\":\"{operation}\"}}"),
    };
}
