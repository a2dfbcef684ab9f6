using System.Runtime.CompilerServices;
using Tongxin.Kernel.Records.Model;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Whether a resource can have at most one value of a parameter, by the cardinalities on its path. False where that is not certain.</summary>
/// <remarks>Then two conditions on it meet the same row, and a join by it finds a resource once.</remarks>
internal static class SingleValued
{
    private static readonly ConditionalWeakTable<SearchParameter, object> Known = [];

    public static bool Is(SearchParameter parameter) => (bool)Known.GetValue(parameter, static p => Decide(p));

    private static bool Decide(SearchParameter parameter)
    {
        if (parameter.Path is not { } path || PathSteps.Read(path, parameter.ResourceType) is not { Length: > 0 } steps) return false;
        var type = parameter.ResourceType;
        foreach (var step in steps)
        {
            if (step is PathStep.OfType only) type = only.Type;
            else if (step is PathStep.Member member && FirelyModel.R4.Type(type)?.Elements.GetValueOrDefault(member.Name) is { IsList: false } element) type = element.Types[0];
            else return false;
        }
        return true;
    }
}
