using Microsoft.AspNetCore.Identity;

namespace Tongxin.Web.SignIn;

/// <summary>An account to be made: by the first-start link, by an administrator, by the command line.</summary>
public sealed record NewAccount
{
    private const int LongestName = 64;

    public required string Name { get; init; }
    public required string DisplayName { get; init; }

    /// <summary>Null for an account of the demo, which is entered without.</summary>
    public required string? Password { get; init; }

    /// <summary>Reference to the person in the record.</summary>
    public required string Subject { get; init; }
    public required IReadOnlyList<Post> Posts { get; init; }
    public IReadOnlyList<string> Wards { get; init; } = [];

    /// <summary>Sentences that say what is wrong; empty when the account was made.</summary>
    public static async Task<IReadOnlyList<string>> MakeAsync(UserManager<Account> accounts, NewAccount wish)
    {
        if (wish.Name.Trim().Length is 0 or > LongestName || wish.DisplayName.Length > LongestName) return [$"名称 1-{LongestName} 字。A name has 1 to {LongestName} characters."];
        if (wish.Posts.Count is 0) return ["至少要有一个岗位。At least one post is needed."];
        var account = new Account
        {
            UserName = wish.Name.Trim(), DisplayName = wish.DisplayName.Length > 0 ? wish.DisplayName : wish.Name, Subject = wish.Subject,
            Posts = string.Join('\n', wish.Posts), Wards = string.Join(' ', wish.Wards), IsDemo = wish.Password is null,
        };
        var result = wish.Password is null ? await accounts.CreateAsync(account) : await accounts.CreateAsync(account, wish.Password);
        return [.. result.Errors.Select(e => e.Description)];
    }

    /// <summary>A legal FHIR id out of a sign-in name: Chinese names become their code points.</summary>
    public static string IdFrom(string name)
    {
        var id = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c.ToString() : c is '-' or '.' ? "-" : $"u{(int)c:x}"));
        return id.Length > 60 ? id[..60] : id;
    }
}
