using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>Who can sign in: a member of staff, a resident or a proxy. Holds no clinical data; the person behind it is <see cref="Subject"/> in the record.</summary>
public sealed class Account : IdentityUser
{
    /// <summary>Reference to the person in the record: <c>Practitioner/…</c>, <c>Patient/…</c>, <c>RelatedPerson/…</c>.</summary>
    public string Subject { get; set; } = "";

    public string DisplayName { get; set; } = "";

    /// <summary>Posts held, one per line: role and organisation with a blank between; see <see cref="Post"/>.</summary>
    public string Posts { get; set; } = "";

    /// <summary>Ids of the Patients a proxy speaks for, with blanks between.</summary>
    public string Wards { get; set; } = "";

    public bool IsDisabled { get; set; }

    /// <summary>Made for the demo; can be entered without a password while the host runs as a demo.</summary>
    public bool IsDemo { get; set; }
}

/// <summary>A role held at an organisation; the organisation is null for residents and proxies.</summary>
public sealed record Post(Role Role, string? Organisation)
{
    public static IReadOnlyList<Post> Of(Account account) =>
        [.. account.Posts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse).OfType<Post>()];

    public static Post? Parse(string line)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // System and Nobody are no posts: no account may be given them.
        return parts.Length > 0 && Enum.TryParse<Role>(parts[0], out var role) && Policy.Of(role) is not null && !char.IsDigit(parts[0][0])
            ? new(role, parts.Length > 1 ? parts[1] : null) : null;
    }

    public override string ToString() => Organisation is null ? $"{Role}" : $"{Role} {Organisation}";
}

/// <summary>The tables of accounts, clients and tokens: a file beside the record (SQLite), or a schema of their own in the record's database (PostgreSQL).</summary>
public sealed class AccountsDb(DbContextOptions<AccountsDb> options) : IdentityUserContext<Account>(options)
{
    private const string Schema = "identity";

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        if (Database.IsNpgsql()) builder.HasDefaultSchema(Schema);
        builder.UseOpenIddict();
    }
}
