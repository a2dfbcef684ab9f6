using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Tongxin.Kernel.Records.Engines;

/// <summary>Why a record could not be opened, as one sentence with the way out: what whoever starts the program can mend.</summary>
/// <remarks>Not for faults of a record that is open; those are refusals of the engines.</remarks>
internal static class OpeningFault
{
    private const int NotADatabase = 26, CannotOpen = 14, ReadOnly = 8, Full = 13, InputOutput = 10;

    /// <summary>Null when it is a fault of ours and must be seen as one.</summary>
    public static string? OfFolder(Exception fault, string folder) => fault switch
    {
        UnauthorizedAccessException or IOException =>
            $"The folder {folder} cannot be written ({fault.Message.TrimEnd('.')}): give this user the right to write there, or name another with --data.",
        SqliteException { SqliteErrorCode: CannotOpen or ReadOnly } =>
            $"The record in {folder} cannot be written: give this user the right to write there, or name another folder with --data.",
        SqliteException { SqliteErrorCode: Full or InputOutput } =>
            $"The disk of {folder} is full or failing: make room, then start again.",
        SqliteException { SqliteErrorCode: NotADatabase } =>
            $"{folder} holds a file record.db that is no database: restore a backup, or name another folder with --data.",
        _ => null,
    };

    /// <summary>Null when it is a fault of ours and must be seen as one.</summary>
    public static string? OfPostgres(Exception fault, string connection) => fault switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } missing =>
            $"PostgreSQL says: {missing.MessageText}. Make the database (createdb), or correct --postgres.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } refused =>
            $"PostgreSQL says: {refused.MessageText}. Correct Username and Password in --postgres.",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused =>
            $"PostgreSQL says: {refused.MessageText}. Make this user the owner of the database.",
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => "PostgreSQL has no room left on its disk: make room, then start again.",
        PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections } busy =>
            $"PostgreSQL says: {busy.MessageText}. Try again in a moment.",
        PostgresException => null,
        NpgsqlException or SocketException or TimeoutException =>
            $"PostgreSQL does not answer at {Server(connection)} ({Innermost(fault)}): start it, or correct Host and Port in --postgres.",
        ArgumentException or FormatException or KeyNotFoundException or OverflowException or InvalidCastException =>
            $"The connection string is wrong ({Innermost(fault).TrimEnd('.')}). It looks like \"Host=localhost;Database=tongxin;Username=tongxin;Password=…\".",
        _ => null,
    };

    // Never the whole string: it holds a password.
    private static string Server(string connection)
    {
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(connection);
            return $"{parts.Host}, port {parts.Port}";
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException or DbException)
        {
            return "the server named";
        }
    }

    private static string Innermost(Exception fault)
    {
        while (fault.InnerException is { } inner) fault = inner;
        return fault.Message;
    }
}
