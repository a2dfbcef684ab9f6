using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Modules.People.Pages;
using Tongxin.Web.SignIn;

namespace Tongxin.Modules.People;

/// <summary>One box: name, pinyin, initials, a piece of a number from four characters, telephone, card. The caller's own people come first.</summary>
/// <remarks>Finds only whom the caller's policy reaches. Of others it says no more than that a whole number is registered somewhere (for registration).</remarks>
public sealed class FindPeople(RecordAccess records, HealthCards cards)
{
    public const int MostShown = 12;
    private const int ShortestPiece = 4;
    private const int LongestQuestion = 128;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/registration/found", FoundAsync).ForCarers();

    /// <summary>The search that a typed text means; null when it is too short to mean one.</summary>
    public static string? Query(string typed)
    {
        var text = typed.Trim().Normalize(System.Text.NormalizationForm.FormKC);
        if (text.Length is 0 or > LongestQuestion) return null;
        var compact = text.Replace(" ", "", StringComparison.Ordinal);
        var digits = compact.Count(char.IsAsciiDigit);
        if (digits is 0) return $"name={Escape(text)}";
        if (compact.Length < ShortestPiece) return null;
        // A first-generation card of 15 digits is the number of 18 that follows from it.
        return $"number-part={Escape(CitizenId.TryParse(compact, out var citizen) ? citizen.Value : compact)}";
    }

    /// <summary>Own people, then others whom the caller reaches.</summary>
    public async Task<Found> HandleAsync(Caller caller, string typed, CancellationToken cancel)
    {
        var code = cards.Read(typed);
        if (code is (true, null)) return new([], false, IsEnded: true);
        var query = code.Card is { } card ? $"identifier={HealthCard.System}|{card}" : Query(typed);
        if (query is null) return new([], false);
        var own = caller.Organisation is { } place
            ? (await records.SearchAsync(caller, "Patient", $"{query}&active:not=false&organization=Organization/{place}&_count={MostShown}", cancel)).Matches : [];
        var all = own.Count >= MostShown ? [] : (await records.SearchAsync(caller, "Patient", $"{query}&active:not=false&_count={MostShown}", cancel)).Matches;
        var people = own.Concat(all).DistinctBy(p => p.Key).Take(MostShown).Select(p => ResidentLine.Read(p, own.Contains(p))).ToList();
        var elsewhere = people.Count is 0 && CitizenId.TryParse(typed, out var citizen)
            && await records.IsRegisteredAsync(caller, CitizenId.System, citizen.Value, cancel);
        return new(people, elsewhere);
    }

    private static async Task<RazorComponentResult<Hits>> FoundAsync(string? q, HttpContext http, FindPeople find, Caller caller)
    {
        http.Response.Headers.CacheControl = "no-store";
        return new(new { Found = await find.HandleAsync(caller, q ?? "", http.RequestAborted), Typed = q ?? "", Http = http });
    }

    private static string Escape(string text) => Uri.EscapeDataString(text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(",", @"\,", StringComparison.Ordinal)
        .Replace("|", @"\|", StringComparison.Ordinal).Replace("$", @"\$", StringComparison.Ordinal));
}

/// <summary>What the box found.</summary>
/// <param name="IsElsewhere">True: nobody whom the caller reaches, but the whole number typed is registered in the county.</param>
/// <param name="IsEnded">True: a dynamic card code that has ended, or was not made here.</param>
public sealed record Found(IReadOnlyList<ResidentLine> People, bool IsElsewhere, bool IsEnded = false);
