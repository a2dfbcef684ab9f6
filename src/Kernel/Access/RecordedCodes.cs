using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Terminology;

namespace Tongxin.Kernel.Access;

/// <summary>Keeps <see cref="Codes"/> in step with the CodeSystems and ValueSets of the record: at once for what this server writes, within two seconds for others'.</summary>
/// <remarks>
/// Loading 47,000 diagnoses takes about a second, which nobody who reads a person should wait for: it happens beside the start. Until it is done a code of
/// a value set that is not yet known is not refused; who asks the terminology itself waits for <see cref="GetAsync"/>.
/// </remarks>
public sealed partial class RecordedCodes : StandingWork
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);
    private static readonly string[] Types = ["CodeSystem", "ValueSet"];
    private const int Page = 100;

    private readonly IRecordStore store;
    private readonly Codes codes;
    private readonly Pinyin pinyin;
    private readonly TimeProvider clock;
    private readonly ILogger<RecordedCodes> logger;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Dictionary<ResourceKey, string> urls = [];
    private DateTimeOffset newest = DateTimeOffset.MinValue;
    private volatile bool isLoaded;

    internal RecordedCodes(IRecordStore store, Codes codes, Pinyin pinyin, TimeProvider clock, ILogger<RecordedCodes> logger) =>
        (this.store, this.codes, this.pinyin, this.clock, this.logger) = (store, codes, pinyin, clock, logger);

    /// <summary>The codes, loaded when they have not been.</summary>
    public async ValueTask<Codes> GetAsync(CancellationToken cancel)
    {
        if (!isLoaded) await CatchUpAsync(cancel);
        return codes;
    }

    /// <summary>Takes in what was written since the last time.</summary>
    internal async Task CatchUpAsync(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            if (!isLoaded)
                foreach (var table in NationalSets.Read(pinyin)) codes.Put(table);
            var reached = newest;
            foreach (var type in Types)
                foreach (var stored in await SinceAsync(type, cancel))
                {
                    TakeIn(stored);
                    if (stored.LastUpdated > reached) reached = stored.LastUpdated;
                }

            newest = reached;
            isLoaded = true;
        }
        finally
        {
            turn.Release();
        }
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(Pace, clock);
        try
        {
            do
            {
                try
                {
                    await CatchUpAsync(stoppingToken);
                }
                catch (RefusedException away)
                {
                    // The database is away: what is known stands, and the next round tries again.
                    Away(away.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    // The newest version of each that changed, oldest first, deletions among them.
    private async Task<List<Stored>> SinceAsync(string type, CancellationToken cancel)
    {
        var (changed, cursor) = (new Dictionary<ResourceKey, Stored>(), (string?)null);
        do
        {
            var page = await store.HistoryAsync(new(type, null, isLoaded ? newest : null, null, Page, cursor), new Visibility.Everything(), cancel);
            foreach (var version in page.Versions)
                if (version.LastUpdated > newest) changed.TryAdd(version.Key, version);
            cursor = page.Next;
        }
        while (cursor is not null);
        return [.. changed.Values.OrderBy(s => s.LastUpdated)];
    }

    private void TakeIn(Stored stored)
    {
        if (urls.Remove(stored.Key, out var former)) codes.Remove(former);
        if (stored.IsDeleted) return;
        using var document = JsonDocument.Parse(stored.Body);
        try
        {
            codes.Put(document.RootElement);
            if (document.RootElement.TryGetProperty("url", out var url)) urls[stored.Key] = url.GetString()!;
        }
        catch (RefusedException refused)
        {
            // One that was taken before this rule stood must not hold up the others.
            Unusable(stored.Key.ToString(), refused.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Key} cannot be used for codes: {Why}")]
    private partial void Unusable(string key, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The code systems could not be brought up to date: {Why}")]
    private partial void Away(string why);
}
