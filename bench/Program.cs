using Tongxin.Bench.Access;
using Tongxin.Bench.Prepare;
using Tongxin.Bench.Store;

return args switch
{
    ["store", .. var rest] => await StoreBench.RunAsync(rest),
    ["access", .. var rest] => await AccessBench.RunAsync(rest),
    ["prepare", .. var rest] => PrepareBench.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("bench store --postgres [--data DIR-OF-NDJSON] [--limit N] [--times N]   the PostgreSQL engine alone, on a private cluster");
    Console.Error.WriteLine("bench access [RESIDENTS]   what policy and audit cost over the PostgreSQL engine");
    Console.Error.WriteLine("bench prepare DIR-OF-NDJSON   what stands between the bytes of a resource and the store");
    return 2;
}
