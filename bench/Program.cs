using Tongxin.Bench.Access;
using Tongxin.Bench.Family;
using Tongxin.Bench.Prepare;
using Tongxin.Bench.Store;

return args switch
{
    ["store", .. var rest] => await StoreBench.RunAsync(rest),
    ["access", .. var rest] => await AccessBench.RunAsync(rest),
    ["prepare", .. var rest] => PrepareBench.Run(rest),
    ["family", .. var rest] => await FamilyBench.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("bench store --postgres [--data DIR-OF-NDJSON] [--limit N] [--times N]   the PostgreSQL engine alone, on a private cluster");
    Console.Error.WriteLine("bench access [RESIDENTS] [--sqlite]   what policy and audit of reads cost over the engine");
    Console.Error.WriteLine("bench access --at FOLDER|CONNECTION VILLAGE   how long a village doctor's searches take in a record that stands");
    Console.Error.WriteLine("bench family [RESIDENTS] [--times N] [--settle SECONDS]   p95 of signing a contract, sending and accepting a referral, over HTTP");
    Console.Error.WriteLine("bench family --at CONNECTION FOLDER [--times N]   the same in a demo county that stands (tongxin seed --postgres CONNECTION --data FOLDER)");
    Console.Error.WriteLine("bench prepare DIR-OF-NDJSON   what stands between the bytes of a resource and the store");
    return 2;
}
