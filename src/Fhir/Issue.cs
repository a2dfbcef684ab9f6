namespace Tongxin.Fhir;

/// <summary>How bad an <see cref="Issue"/> is (FHIR R4 issue-severity).</summary>
public enum IssueSeverity { Information, Warning, Error, Fatal }

/// <summary>One thing that is wrong with an input and where it is wrong: one <c>OperationOutcome.issue</c>.</summary>
/// <param name="Severity">Errors and fatals refuse the input; the others are told and accepted.</param>
/// <param name="Code">FHIR R4 issue-type, e.g. <c>structure</c>, <c>required</c>, <c>value</c>, <c>code-invalid</c>, <c>not-found</c>.</param>
/// <param name="Diagnostics">One sentence for a person: what is wrong and what to do.</param>
/// <param name="Expression">FHIRPath location such as <c>Patient.name[0].given</c>; null when the whole input is meant.</param>
public sealed record Issue(IssueSeverity Severity, string Code, string Diagnostics, string? Expression = null)
{
    public bool IsError => Severity is IssueSeverity.Error or IssueSeverity.Fatal;

    public static Issue Error(string code, string diagnostics, string? expression = null) => new(IssueSeverity.Error, code, diagnostics, expression);
}

/// <summary>A refusal that the sender can cause and mend: becomes a 4xx with an OperationOutcome, never a 500.</summary>
/// <remarks>Thrown only at the edge of parsing and at the door of the record; pure functions return <see cref="Issue"/>s.</remarks>
public sealed class RefusedException(int status, params IReadOnlyList<Issue> issues) : Exception(issues.Count > 0 ? issues[0].Diagnostics : "Refused")
{
    /// <summary>HTTP status that says the same: 400, 403, 404, 409, 410, 412, 413, 415, 422, 429 or 503.</summary>
    public int Status => status;

    public IReadOnlyList<Issue> Issues => issues;

    public static RefusedException Because(int status, string code, string diagnostics, string? expression = null) =>
        new(status, Issue.Error(code, diagnostics, expression));
}
