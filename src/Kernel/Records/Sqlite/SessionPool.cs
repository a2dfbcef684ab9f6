using System.Collections.Concurrent;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Connections for reading, each with its prepared statements; as many as read at once, a few kept.</summary>
internal sealed class SessionPool(string file) : IDisposable
{
    private const int MostKept = 16;
    private static readonly TimeSpan LongestStatement = TimeSpan.FromSeconds(20);

    private readonly ConcurrentBag<SqliteSession> idle = [];
    private bool isClosed;

    public T Read<T>(Func<SqliteSession, T> work)
    {
        ObjectDisposedException.ThrowIf(isClosed, this);
        if (!idle.TryTake(out var session)) session = new(file, SqliteSchema.ReaderPragmas);
        var isWell = false;
        try
        {
            session.LimitTo(LongestStatement);
            var result = work(session);
            isWell = true;
            return result;
        }
        catch (Fhir.RefusedException)
        {
            isWell = true;
            throw;
        }
        finally
        {
            if (isWell && !isClosed && idle.Count < MostKept) idle.Add(session);
            else session.Dispose();
        }
    }

    public void Dispose()
    {
        isClosed = true;
        while (idle.TryTake(out var session)) session.Dispose();
    }
}
