namespace Tongxin.Kernel.Records.Postgres;

/// <summary>How to reach PostgreSQL and how hard to lean on it.</summary>
public sealed record PostgresOptions
{
    public required string ConnectionString { get; init; }

    /// <summary>Writer connections. Each gathers waiting commits into one transaction; more lanes than cores only makes them wait for each other.</summary>
    public int Lanes { get; init; } = 2;

    /// <summary>Longest that one statement of a reader may run; then 503 <c>too-costly</c>.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most connections of readers.</summary>
    public int Readers { get; init; } = 24;

    /// <summary>Start although the server could lose what it acknowledged (fsync, full_page_writes or synchronous_commit off).</summary>
    public bool Unsafe { get; init; }
}
