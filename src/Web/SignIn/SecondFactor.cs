using Microsoft.AspNetCore.Identity;
using OtpNet;

namespace Tongxin.Web.SignIn;

/// <summary>Time-based one-time passwords (RFC 6238) as second factor; each code works once.</summary>
internal static class SecondFactor
{
    private const string Provider = "[AspNetUserStore]";
    private const string LastStep = "TotpStep";
    private static readonly VerificationWindow Window = new(previous: 1, future: 1);

    public static async Task<bool> FitsAsync(UserManager<Account> accounts, Account account, string code)
    {
        if (await accounts.GetAuthenticatorKeyAsync(account) is not { Length: > 0 } key || code.Length is > 10) return false;
        if (!new Totp(Base32Encoding.ToBytes(key)).VerifyTotp(code.Trim(), out var step, Window)) return false;
        var last = await accounts.GetAuthenticationTokenAsync(account, Provider, LastStep);
        if (long.TryParse(last, out var used) && used >= step) return false;
        await accounts.SetAuthenticationTokenAsync(account, Provider, LastStep, step.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>The address an authenticator application reads from a QR code.</summary>
    public static string Address(Account account, string key)
        => $"otpauth://totp/Tongxin:{Uri.EscapeDataString(account.UserName!)}?secret={key}&issuer=Tongxin&digits=6&period=30";
}
