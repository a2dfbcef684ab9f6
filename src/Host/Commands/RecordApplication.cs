using Tongxin.Kernel.Access;

namespace Tongxin.Host.Commands;

/// <summary>The record's services for a command that serves nothing.</summary>
internal static class RecordApplication
{
    public static async Task<ServiceProvider> OpenAsync(RecordEngine engine, CancellationToken cancel)
    {
        var services = new ServiceCollection();
        await services.AddRecordAsync(engine, cancel);
        return services.BuildServiceProvider();
    }
}
