using System.Collections.Concurrent;
using Tongxin.Kernel.Records.Engines;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Sqlite;

/// <summary>The dictionaries of the record: types, parameters, systems and counties as numbers. One process holds the file, so memory knows them all.</summary>
internal sealed class Names
{
    public const int None = 0;
    private const int NoRow = -1;

    public NameDictionary Types { get; } = new(1);
    public NameDictionary Parameters { get; } = new(2);
    public NameDictionary Systems { get; } = new(3);
    public NameDictionary Counties { get; } = new(4);

    public OrganisationRows Organisations { get; } = new();

    public IReadOnlyList<NameDictionary> All => [Types, Parameters, Systems, Counties];

    public int ParameterOrNone(SearchParameter parameter) => Parameters.OrNoRow(parameter.ToString());

    public int TypeOrNone(string type) => Types.OrNoRow(type);

    /// <summary>An empty system is asked as "none given".</summary>
    public int SystemOrNoRow(string system) => system.Length is 0 ? None : Systems.OrNoRow(Texts.Exact(system));

    /// <summary>Reads them from the file; also after a transaction that named something was lost.</summary>
    public void Load(SqliteSession session)
    {
        foreach (var dictionary in All) dictionary.Clear();
        foreach (var (kind, id, name) in session.List("SELECT kind, id, name FROM name", r => (r.GetInt32(0), r.GetInt32(1), r.GetString(2))))
            All.First(d => d.Kind == kind).Remember(name, id);
    }

    internal sealed class NameDictionary(int kind)
    {
        private readonly ConcurrentDictionary<string, int> numbers = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<int, string> names = new();

        public int Kind => kind;

        public int this[string name] => numbers[name];

        public bool IsKnown(string name) => numbers.ContainsKey(name);

        public int OrNoRow(string name) => numbers.GetValueOrDefault(name, NoRow);

        public string NameOf(int number) => names[number];

        public IEnumerable<int> NumbersOf(string prefix) => numbers.Where(n => n.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(n => n.Value);

        public void Remember(string name, int number) => (numbers[name], names[number]) = (number, name);

        public void Clear()
        {
            numbers.Clear();
            names.Clear();
        }

        /// <summary>The number of a name, giving it the next one; only in the writer's transaction.</summary>
        public int Give(string name, SqliteSession writer)
        {
            if (numbers.TryGetValue(name, out var known)) return known;
            var number = names.Count + 1;
            writer.Execute("INSERT INTO name (kind, id, name) VALUES (?1, ?2, ?3)", kind, number, name);
            Remember(name, number);
            return number;
        }
    }
}
