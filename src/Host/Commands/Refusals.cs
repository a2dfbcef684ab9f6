using System.Data.Common;
using Tongxin.Fhir;

namespace Tongxin.Host.Commands;

/// <summary>Turns what a person at the command line can cause and mend into one sentence and exit code 1; everything else stays an exception.</summary>
internal static class Refusals
{
    public static async Task<int> ToldAsync(Func<Task> work)
    {
        try
        {
            await work();
            return 0;
        }
        catch (Exception refusal) when (refusal is RefusedException or InvalidOperationException or IOException or UnauthorizedAccessException or DbException)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return 1;
        }
    }
}
