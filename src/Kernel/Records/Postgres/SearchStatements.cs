using Npgsql;
using Tongxin.Kernel.Records.Search;

namespace Tongxin.Kernel.Records.Postgres;

/// <summary>Searches as statements.</summary>
internal sealed class SearchStatements(NpgsqlDataSource source, Names names, ResourceIds ids)
{
    public Task<SearchPage> SearchAsync(SearchRequest request, Visibility visibility, CancellationToken cancel) =>
        throw new NotSupportedException(source.ConnectionString + names.GetType() + ids.GetType());

    public Task<List<CurrentRow>> LockAsync(NpgsqlConnection connection, SearchRequest request, Visibility visibility, CancellationToken cancel) =>
        throw new NotSupportedException();
}
