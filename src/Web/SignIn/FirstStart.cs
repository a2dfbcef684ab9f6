using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tongxin.Kernel.Access;

namespace Tongxin.Web.SignIn;

/// <summary>The first start: no default account, no default password, but one link that makes the first administrator, once.</summary>
public sealed class FirstStart(IServiceScopeFactory scopes, RecordEngine engine) : IDisposable
{
    private const string File = "first-start.key";
    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>The path of the link to print; null when there is an account already.</summary>
    public async Task<string?> LinkAsync(CancellationToken cancel)
    {
        await using var scope = scopes.CreateAsyncScope();
        if (await scope.ServiceProvider.GetRequiredService<AccountsDb>().Users.AnyAsync(u => !u.IsDemo, cancel)) return null;
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        await System.IO.File.WriteAllTextAsync(KeyFile, Hash(key), cancel);
        return $"/first-start?key={key}";
    }

    /// <summary>Whether the link is the last one printed and nobody used it.</summary>
    public bool Fits(string? key) => key is { Length: 32 } && System.IO.File.Exists(KeyFile) &&
        CryptographicOperations.FixedTimeEquals(System.Text.Encoding.ASCII.GetBytes(Hash(key)), System.IO.File.ReadAllBytes(KeyFile));

    /// <summary>Makes the administrator and burns the link. Errors are sentences; empty when it was made.</summary>
    public async Task<IReadOnlyList<string>> MakeAsync(string key, string name, string displayName, string password, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            if (!Fits(key)) return ["这个链接已经用过。The link was used already."];
            await using var scope = scopes.CreateAsyncScope();
            var made = await NewAccount.MakeAsync(
                scope.ServiceProvider.GetRequiredService<UserManager<Account>>(),
                new() { Name = name, DisplayName = displayName, Password = password, Subject = $"Practitioner/{NewAccount.IdFrom(name)}",
                    Posts = [new(Role.Administrator, null)] });
            if (made.Count is 0) System.IO.File.Delete(KeyFile);
            return made;
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private string KeyFile => Path.Combine(engine.Folder, File);

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(key)));
}
