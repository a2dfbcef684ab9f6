using Tongxin.Bench.Store;

return args switch
{
    ["store", .. var rest] => await StoreBench.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("bench store --postgres [--data DIR-OF-NDJSON] [--limit N]   the PostgreSQL engine alone, on a private cluster");
    return 2;
}
