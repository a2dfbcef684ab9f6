using Npgsql;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>The dictionaries of one database together.</summary>
internal sealed class Names
{
    /// <summary>County and system number of "none".</summary>
    public const int None = 0;

    public NameDictionary Types { get; } = new("resource_type");
    public NameDictionary Parameters { get; } = new("parameter");
    public NameDictionary Systems { get; } = new("system");
    public NameDictionary Counties { get; } = new("county");
    public NameDictionary Displays { get; } = new("display");

    public OrganisationRows Organisations { get; } = new();

    public int Parameter(SearchParameter parameter) => Parameters[parameter.ToString()];

    public int System(string? system) => string.IsNullOrEmpty(system) ? None : Systems[Texts.Exact(system)];

    public int Display(string text) => Displays[text];

    public int County(string? county) => county is null ? None : Counties[county];

    /// <summary>A number that no row has.</summary>
    private const int NoRow = -1;

    public int ParameterOrNone(SearchParameter parameter) => Parameters.IsKnown(parameter.ToString()) ? Parameters[parameter.ToString()] : NoRow;

    public int TypeOrNone(string type) => Types.IsKnown(type) ? Types[type] : NoRow;

    /// <summary>Empty means explicitly no system.</summary>
    public int SystemOrNoRow(string system) => system.Length is 0 ? None : Systems.IsKnown(Texts.Exact(system)) ? Systems[Texts.Exact(system)] : NoRow;

    /// <summary>Looks up what a search asks for and this process has not met.</summary>
    public async Task LearnAsync(NpgsqlConnection connection, NamesAsked asked, CancellationToken cancel)
    {
        await Types.LearnAsync(connection, asked.Types, cancel);
        await Parameters.LearnAsync(connection, asked.Parameters, cancel);
        await Systems.LearnAsync(connection, asked.Systems, cancel);
        await Counties.LearnAsync(connection, asked.Counties, cancel);
    }

    public bool Knows(int type) => Types.Remembers(type);

    /// <summary>Learns what other processes added to the small dictionaries.</summary>
    public async Task CatchUpAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        await Types.LoadAllAsync(connection, cancel);
        await Counties.LoadAllAsync(connection, cancel);
    }

    public async Task LoadAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await Types.LoadAllAsync(connection, cancel);
        await Parameters.LoadAllAsync(connection, cancel);
        await Counties.LoadAllAsync(connection, cancel);
        await Systems.LoadAllAsync(connection, cancel);
    }

    public async Task EnsureAsync(NpgsqlConnection connection, NamesWanted wanted, CancellationToken cancel)
    {
        await Types.EnsureAsync(connection, wanted.Types, cancel);
        await Parameters.EnsureAsync(connection, wanted.Parameters, cancel);
        await Systems.EnsureAsync(connection, wanted.Systems, cancel);
        await Counties.EnsureAsync(connection, wanted.Counties, cancel);
        await Displays.EnsureAsync(connection, wanted.Displays, cancel);
    }
}

/// <summary>What a group of commits will ask the dictionaries for, gathered before its transaction begins.</summary>
internal sealed class NamesWanted
{
    public HashSet<string> Types { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Parameters { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Systems { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Counties { get; } = new(StringComparer.Ordinal);
    public HashSet<string> Displays { get; } = new(StringComparer.Ordinal);

    /// <summary>Keys that index rows, persons and relations point to.</summary>
    public HashSet<ResourceKey> Targets { get; } = [];

    public void Add(SearchParameter parameter) => Parameters.Add(parameter.ToString());

    public void System(string? system)
    {
        if (!string.IsNullOrEmpty(system)) Systems.Add(Texts.Exact(system));
    }
}
