using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.People;
using Tongxin.Modules.People.Pages;
using Tongxin.Web.Components;
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
    /// <param name="isScan">True: the text was entered, so that a dynamic code is used up. False: it is only being typed.</param>
    public async Task<Found> HandleAsync(Caller caller, string typed, bool isScan, CancellationToken cancel)
    {
        var code = cards.Read(typed);
        if (code.Reading is CardReading.Ended) return new([], Saying: Found.Ended);
        if (code.Reading is CardReading.Dynamic && !isScan) return new([], Saying: Found.Enter);
        if (code.Card is not null) return await ScannedAsync(caller, code, cancel);
        if (Query(typed) is not { } query) return new([]);
        var own = caller.Organisation is { } place
            ? (await records.SearchAsync(caller, "Patient", $"{query}&active:not=false&organization=Organization/{place}&_count={MostShown}", cancel)).Matches : [];
        var all = own.Count >= MostShown ? [] : (await records.SearchAsync(caller, "Patient", $"{query}&active:not=false&_count={MostShown}", cancel)).Matches;
        var people = own.Concat(all).DistinctBy(p => p.Key).Take(MostShown).Select(p => ResidentLine.Read(p, own.Contains(p))).ToList();
        var elsewhere = people.Count is 0 && CitizenId.TryParse(typed, out var citizen)
            && await records.IsRegisteredAsync(caller, CitizenId.System, citizen.Value, cancel);
        return new(people, elsewhere ? Found.Elsewhere : null);
    }

    // A dynamic code is used up whoever it leads to: whom the caller does not reach it tells nothing of, and cannot be tried again elsewhere.
    private async Task<Found> ScannedAsync(Caller caller, CardCode code, CancellationToken cancel)
    {
        var matches = (await records.SearchAsync(caller, "Patient", $"identifier={HealthCard.System}|{code.Card}&active:not=false&_count={MostShown}", cancel)).Matches;
        var holders = matches.ToLookup(m => HealthCards.CardsOf(JsonReading.Parse(m)).Any(c => c.Id == code.Card && c.Ended is null));
        var valid = holders[true].ToList();
        if (code.Reading is CardReading.Dynamic && !await cards.UseAsync(caller, code, valid is [var one] ? one.Key.Id : null, cancel)) return new([], Saying: Found.Used);
        if (valid.Count is 0 && holders[false].Any()) return new([], Saying: Found.Revoked);
        return new([.. valid.Select(p => ResidentLine.Read(p, false))], IsScanned: true);
    }

    private static async Task<RazorComponentResult<Hits>> FoundAsync(string? q, HttpContext http, FindPeople find, Caller caller)
    {
        http.Response.Headers.CacheControl = "no-store";
        return new(new { Found = await find.HandleAsync(caller, q ?? "", isScan: false, http.RequestAborted), Typed = q ?? "", Http = http });
    }

    private static string Escape(string text) => Uri.EscapeDataString(text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace(",", @"\,", StringComparison.Ordinal)
        .Replace("|", @"\|", StringComparison.Ordinal).Replace("$", @"\$", StringComparison.Ordinal));
}

/// <summary>What the box found.</summary>
/// <param name="Saying">Key of the word that says why nobody is shown; null when there is nothing to say.</param>
/// <param name="IsScanned">True: by a card's code, so that whoever it is stands at the counter.</param>
public sealed record Found(IReadOnlyList<ResidentLine> People, string? Saying = null, bool IsScanned = false)
{
    /// <summary>Nobody whom the caller reaches, but the whole number typed is registered in the county.</summary>
    public const string Elsewhere = "elsewhere";

    /// <summary>A dynamic card code that has ended, or was not made here.</summary>
    public const string Ended = "card.ended";

    /// <summary>A dynamic card code that was read before.</summary>
    public const string Used = "card.used";

    /// <summary>The code of a card that was taken back.</summary>
    public const string Revoked = "card.revoked";

    /// <summary>A dynamic card code that was typed and not entered yet.</summary>
    public const string Enter = "card.enter";
}
