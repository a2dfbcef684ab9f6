using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tongxin.Fhir.FhirPath;
using Tongxin.Fhir.Model;

namespace Tongxin.Fhir.Questionnaires;

/// <summary>What a form may know besides its answers: the person, the record, the day, and which codes a value set holds.</summary>
public sealed record FormContext
{
    public required IFhirModel Model { get; init; }

    /// <summary>The day of the filling in local time: <c>%today</c>.</summary>
    public required DateOnly Today { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Resources by name: <c>%patient</c>, <c>%encounter</c>, <c>%user</c>, <c>%record</c> (a Bundle, newest first).</summary>
    public IReadOnlyDictionary<string, JsonElement> Resources { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Value set canonical, system, code → member or not; null when the set is not known here.</summary>
    public Func<string, string?, string, bool?>? IsMember { get; init; }
}

/// <summary>Variables of an evaluation that are made when an expression first asks for them, and kept. Not thread-safe; lives as long as one evaluation.</summary>
public sealed class VariableCollection : IReadOnlyDictionary<string, IReadOnlyList<PathValue>>
{
    private readonly Dictionary<string, Func<IReadOnlyList<PathValue>>> makers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<PathValue>> made = new(StringComparer.Ordinal);
    private readonly HashSet<string> running = new(StringComparer.Ordinal);

    public IReadOnlyList<PathValue> this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException(key);

    public IEnumerable<string> Keys => makers.Keys;

    public IEnumerable<IReadOnlyList<PathValue>> Values => makers.Keys.Select(k => this[k]);

    public int Count => makers.Count;

    public void Add(string name, Func<IReadOnlyList<PathValue>> make) => makers[name] = make;

    public void Add(string name, IReadOnlyList<PathValue> value) => makers[name] = () => value;

    public bool ContainsKey(string key) => makers.ContainsKey(key);

    /// <summary>Throws <see cref="FhirPathException"/> when a variable needs itself.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out IReadOnlyList<PathValue> value)
    {
        if (made.TryGetValue(key, out value)) return true;
        if (!makers.TryGetValue(key, out var make)) return false;
        if (!running.Add(key)) throw new FhirPathException($"%{key} needs itself.");
        try
        {
            made[key] = value = make();
            return true;
        }
        finally
        {
            running.Remove(key);
        }
    }

    public IEnumerator<KeyValuePair<string, IReadOnlyList<PathValue>>> GetEnumerator() => makers.Keys.Select(k => KeyValuePair.Create(k, this[k])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
