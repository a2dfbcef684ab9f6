using Npgsql;
using Tongxin.Fhir;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>The three kinds of connection to the server and what their failures mean to a caller.</summary>
internal sealed class Connections : IAsyncDisposable
{
    private const int WriterTimeoutSeconds = 60;
    private const int LockTimeoutSeconds = 20;

    // Everything has an index, and a plan made while a table was small is kept while it grows: never let it be a scan of the table.
    // A merge join by rid would walk all resources to meet a few.
    private const string Planning = " -c jit=off -c enable_seqscan=off -c enable_mergejoin=off -c max_parallel_workers_per_gather=0";

    // Writers reach rows by key only.
    private const string ByKey = Planning + " -c enable_hashjoin=off";

    private Connections(NpgsqlDataSource readers, NpgsqlDataSource searches, NpgsqlDataSource writers, NpgsqlDataSource side) =>
        (Readers, Searches, Writers, Side) = (readers, searches, writers, side);

    /// <summary>As <see cref="Readers"/>, but every statement is planned for its values.</summary>
    public NpgsqlDataSource Searches { get; }

    /// <summary>Reads and searches for which one plan is right whatever the values, each statement within the limit of time.</summary>
    public NpgsqlDataSource Readers { get; }

    /// <summary>The lanes of the group commit.</summary>
    public NpgsqlDataSource Writers { get; }

    /// <summary>Names and mentions that commits rest on, and which need not wait for the disk; see <see cref="NameDictionary"/>.</summary>
    public NpgsqlDataSource Side { get; }

    public static Connections Open(PostgresOptions options)
    {
        var readers = Base(options, $"-c plan_cache_mode=force_generic_plan -c statement_timeout={(int)options.StatementTimeout.TotalMilliseconds}{Planning}");
        readers.MaxPoolSize = options.Readers;
        var searches = Base(options, readers.Options!.Replace("force_generic_plan", "force_custom_plan", StringComparison.Ordinal));
        searches.MaxPoolSize = options.Readers;
        var patience = $"-c statement_timeout={WriterTimeoutSeconds}s -c idle_in_transaction_session_timeout={WriterTimeoutSeconds}s";
        var writers = Base(options, $"{patience} -c lock_timeout={LockTimeoutSeconds}s{ByKey}");
        writers.MaxPoolSize = options.Lanes + 4;
        var side = Base(options, $"{patience} -c synchronous_commit=off{ByKey}");
        side.MaxPoolSize = options.Lanes + 4;
        return new(NpgsqlDataSource.Create(readers), NpgsqlDataSource.Create(searches), NpgsqlDataSource.Create(writers), NpgsqlDataSource.Create(side));
    }

    public async ValueTask DisposeAsync()
    {
        await Readers.DisposeAsync();
        await Searches.DisposeAsync();
        await Writers.DisposeAsync();
        await Side.DisposeAsync();
    }

    /// <summary>What the caller is told; null when the failure is a fault of ours and must be seen as one.</summary>
    public static Outage? Explain(Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } =>
            new("too-costly", "The search took too long: narrow it by a person, a code or a date, or ask for fewer at once."),
        PostgresException { SqlState: PostgresErrorCodes.DiskFull or PostgresErrorCodes.InsufficientResources or PostgresErrorCodes.OutOfMemory } =>
            new("no-store", "The database has no room left. Nothing was stored; try again when space was made."),
        PostgresException { SqlState: PostgresErrorCodes.IoError } =>
            new("no-store", "The database cannot write to its disk. Nothing is known to be stored."),
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } =>
            new("lock-error", "Others are writing the same resources. Nothing was stored; try again."),
        PostgresException { InvariantSeverity: "ERROR" } => null,
        NpgsqlException or System.Net.Sockets.SocketException or IOException or TimeoutException or InvalidOperationException { InnerException: NpgsqlException } =>
            new("transient", "The database does not answer. It is not known whether the change was stored: repeat it with the same idempotency key."),
        _ => null,
    };

    /// <summary>
    /// The server said that it refused a statement, so the transaction left nothing. A session that was thrown out (FATAL) or lost proves
    /// nothing: its commit may have stood before the answer was lost, and to write it again could write it twice.
    /// </summary>
    public static bool LeftNothing(Exception failure) => failure is PostgresException { InvariantSeverity: "ERROR" } or not NpgsqlException;

    /// <summary>Worth running the same transaction again: another one was in the way and this one left nothing.</summary>
    public static bool IsRetryable(PostgresException failure) => failure.SqlState
        is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    private static NpgsqlConnectionStringBuilder Base(PostgresOptions options, string settings) => new(options.ConnectionString)
    {
        Options = settings,
        ApplicationName = "tongxin",
        MaxAutoPrepare = 400,
        AutoPrepareMinUsages = 2,
        CommandTimeout = WriterTimeoutSeconds + 10,
        Timeout = 10,
        NoResetOnClose = true,
        KeepAlive = 30,
    };
}

/// <summary>Why the database cannot do what was asked now, in words for the caller.</summary>
internal sealed record Outage(string Code, string Sentence)
{
    public RefusedException Refusal() => RefusedException.Because(503, Code, Sentence);
}
