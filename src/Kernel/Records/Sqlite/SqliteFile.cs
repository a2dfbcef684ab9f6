using Microsoft.Data.Sqlite;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>Copies one SQLite database whole while others read and write it, also when another process holds the record.</summary>
internal static class SqliteFile
{
    /// <exception cref="IOException">The database is not there or not readable, or the copy is there already.</exception>
    public static void Copy(string from, string to)
    {
        if (!File.Exists(from)) throw new IOException($"There is no {from}.");
        if (File.Exists(to)) throw new IOException($"{to} exists already: a backup overwrites nothing.");
        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = from, Pooling = false, DefaultTimeout = 0 }.ToString());
            connection.Open();
            using var command = connection.CreateCommand();
            // One read transaction: the copy is of one moment, and writers go on meanwhile.
            command.CommandText = "VACUUM INTO $to";
            command.Parameters.AddWithValue("$to", to);
            command.ExecuteNonQuery();
        }
        catch (SqliteException failure)
        {
            throw new IOException($"{from} could not be copied: {failure.Message}", failure);
        }
    }
}
