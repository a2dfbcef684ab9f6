using System.Text.Json;
using Tongxin.Kernel.Records;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Access;

/// <summary>Keeps the <see cref="Organisations"/> of the record at hand: at once for what this server writes, within two seconds for what others do.</summary>
public sealed class OrganisationTree : StandingWork
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    /// <summary>More than a city has; a tree beyond it would be a fault.</summary>
    private const int MostOrganisations = 200_000;

    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly IRecordStore store;
    private readonly TimeProvider clock;
    private volatile Organisations current = Organisations.None;
    private volatile bool isLoaded;
    private DateTimeOffset newest;

    internal OrganisationTree(IRecordStore store, TimeProvider clock) => (this.store, this.clock) = (store, clock);

    /// <summary>Of this moment; empty until it was loaded.</summary>
    public Organisations Current => current;

    /// <summary>The tree, loaded when it has not been.</summary>
    public async ValueTask<Organisations> GetAsync(CancellationToken cancel)
    {
        if (!isLoaded) await LoadAsync(cancel);
        return current;
    }

    public async Task LoadAsync(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            var all = await AllAsync(cancel);
            newest = all.Count > 0 ? all.Max(s => s.LastUpdated) : DateTimeOffset.MinValue;
            current = new(all.Select(Read));
            isLoaded = true;
        }
        finally
        {
            turn.Release();
        }
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(Pace, clock);
            do await FollowAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        try
        {
            if (!isLoaded || await HasChangedAsync(cancel)) await LoadAsync(cancel);
        }
        catch (Fhir.RefusedException)
        {
            // The database is away; the last tree stands until it is back, and readers are told by the record itself.
        }
    }

    private async Task<bool> HasChangedAsync(CancellationToken cancel)
    {
        var since = new SearchRequest
        {
            Type = "Organization", Count = 1,
            Criteria = [new Criterion.UpdatedWithin(Prefix.Gt, newest, newest.AddMilliseconds(1))],
        };
        return (await store.SearchAsync(since, new Visibility.Everything(), cancel)).Matches.Count > 0;
    }

    private async Task<List<Stored>> AllAsync(CancellationToken cancel)
    {
        var (all, cursor) = (new List<Stored>(), (string?)null);
        do
        {
            var page = await store.SearchAsync(new() { Type = "Organization", Count = SearchRequest.MostPerPage, Cursor = cursor }, new Visibility.Everything(), cancel);
            all.AddRange(page.Matches);
            cursor = page.Next;
        }
        while (cursor is not null && all.Count < MostOrganisations);
        return all;
    }

    private static Organisation Read(Stored stored)
    {
        using var document = JsonDocument.Parse(stored.Body);
        return Organisations.Read(stored.Key.Id, document.RootElement);
    }
}
