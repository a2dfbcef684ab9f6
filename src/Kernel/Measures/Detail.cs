using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Kernel.Measures;

/// <summary>How near a caller comes to the people behind a number.</summary>
public enum Detail
{
    /// <summary>Numbers only, small cells hidden.</summary>
    Counts,

    /// <summary>Each person's reason and evidence under a pseudonym; no name, address or age.</summary>
    Pseudonyms,

    /// <summary>The people themselves, through the door of the record, which decides for each again.</summary>
    Names,
}

/// <summary>Decides the detail from role, place and the indicator's sensitivity. Pure; a role that is not listed sees counts.</summary>
public static class DetailRule
{
    /// <param name="home">Organisation at which the caller's view of the numbers begins.</param>
    public static Detail For(Caller caller, Indicator indicator, string home) => For(caller, indicator.Sensitivity, home);

    /// <param name="sensitivity">Compartments of what is behind the number.</param>
    public static Detail For(Caller caller, SensitivityLabels sensitivity, string home)
    {
        if (caller.Scopes is not null || Policy.Of(caller.Role) is not { } policy) return Detail.Counts;

        // 精神卫生法 §23: who may not read the compartment does not see it under a pseudonym either.
        if ((sensitivity & ~policy.Labels) is not SensitivityLabels.None) return Detail.Counts;
        var readsPeople = (policy.On("Patient") & Interactions.Read) is Interactions.Read;
        return caller.Role switch
        {
            Role.CityCommission or Role.Resident or Role.Proxy or Role.Integration => Detail.Counts,
            _ when readsPeople && (policy.Span is Span.County || caller.Organisation == home) => Detail.Names,
            Role.CountyCommission or Role.HospitalManager or Role.Specialist => Detail.Pseudonyms,
            _ => Detail.Counts,
        };
    }
}
