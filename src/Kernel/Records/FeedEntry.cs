namespace Tongxin.Kernel.Records;

/// <summary>One committed version in commit order. A reader that has seen position n will never be shown a smaller one later.</summary>
/// <param name="Position">Grows with the commits; gaps mean nothing.</param>
/// <param name="County">Division code of the county that the row belongs to; null for what all counties share.</param>
/// <param name="Person">Id of the Patient whose record this belongs to; null when it is nobody's.</param>
public sealed record FeedEntry(long Position, Stored Stored, string? County, string? Person);
