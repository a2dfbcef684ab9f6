using Tongxin.Kernel.Records.Postgres;

namespace Tongxin.Kernel.Records;

/// <summary>The opened record, whichever engine keeps it. Opaque outside the Kernel: what is in it is reached through Access.</summary>
public sealed class RecordEngine : IAsyncDisposable
{
    internal RecordEngine(RecordOptions options, IRecordStore store, IAuditStore audit) => (Options, Store, Audit) = (options, store, audit);

    public RecordOptions Options { get; }

    internal IRecordStore Store { get; }

    internal IAuditStore Audit { get; }

    /// <summary>Opens the record, making it where there is none.</summary>
    /// <exception cref="InvalidOperationException">It cannot be held there; one sentence says why.</exception>
    public static async Task<RecordEngine> OpenAsync(RecordOptions options, CancellationToken cancel)
    {
        Directory.CreateDirectory(options.Folder);
        if (options.Postgres is not { } connection) throw new InvalidOperationException("The embedded record is not part of this build: give --postgres.");
        var postgres = new PostgresOptions { ConnectionString = connection, Unsafe = options.Unsafe };
        var store = await PostgresStore.OpenAsync(postgres, cancel);
        return new(options, store, await PostgresAudit.OpenAsync(postgres, cancel));
    }

    public async ValueTask DisposeAsync()
    {
        await Audit.DisposeAsync();
        await Store.DisposeAsync();
    }
}
