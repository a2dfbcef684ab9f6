namespace Tongxin.Web.SignIn;

/// <summary>How people sign in here.</summary>
public sealed record SignInOptions
{
    /// <summary>Offer the demo's people by role, without a password. Only for a synthetic county.</summary>
    public bool IsDemo { get; init; }

    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(30);
    public TimeSpan Longest { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Wrong passwords before an account is locked, and for how long (GB/T 22239 level 3, 身份鉴别 b).</summary>
    public int MostFailures { get; init; } = 5;
    public TimeSpan Locked { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Attempts from one address in a minute, right or wrong.</summary>
    public int AttemptsPerMinute { get; init; } = 20;
}
