using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>A statement while it is written: its text and its parameters. Values never become text.</summary>
internal sealed class SqlText
{
    private readonly StringBuilder text = new(512);
    private int aliases;

    public List<NpgsqlParameter> Parameters { get; } = [];

    public SqlText Append(string part)
    {
        text.Append(part);
        return this;
    }

    /// <summary>Adds a value; its place ($n) goes into the text.</summary>
    public string Parameter<T>(T value, NpgsqlDbType type)
    {
        Parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return $"${Parameters.Count}";
    }

    public string Text(string value) => Parameter(value, NpgsqlDbType.Text);

    public string Long(long value) => Parameter(value, NpgsqlDbType.Bigint);

    /// <summary>A name that no other row of the statement has.</summary>
    public string Alias(string stem) => $"{stem}{++aliases}";

    public NpgsqlCommand ToCommand(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(text.ToString(), connection);
        foreach (var parameter in Parameters) command.Parameters.Add(parameter);
        return command;
    }

    public override string ToString() => text.ToString();
}
