namespace Tongxin.Fhir.FhirPath;

internal enum TokenKind { End, Name, Delimited, Text, Number, Date, Time, External, Symbol }

/// <summary>One word of an expression: what it is, its text with escapes resolved, and where it stands.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Position);
