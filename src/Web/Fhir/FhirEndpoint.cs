using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;
using Tongxin.Kernel.Access;
using Tongxin.Kernel.Records;

namespace Tongxin.Web.Fhir;

/// <summary>The border between HTTP and the FHIR API: makes a call of a request and a response of its answer; every refusal becomes an OperationOutcome.</summary>
internal sealed partial class FhirEndpoint(FhirServer server, CallerOf callerOf, FhirOptions options, ILogger<FhirEndpoint> logger)
{
    public const string BasePath = "/fhir";

    public async Task ServeAsync(HttpContext http)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        patience.CancelAfter(options.Longest);
        Answer answer;
        FhirCall? call = null;
        try
        {
            call = await CallAsync(http, patience.Token);
            answer = await server.AnswerAsync(call, patience.Token);
        }
        catch (RefusedException refused)
        {
            answer = Answer.Refusal(refused);
        }
        catch (BadHttpRequestException bad)
        {
            answer = Answer.Refusal(bad.StatusCode, bad.StatusCode is 413 ? "too-long" : "structure", bad.Message);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            answer = Answer.Refusal(503, "timeout", $"This took longer than {options.Longest.TotalSeconds:0} seconds and was stopped.");
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            Broke(broken, http.Request.Method, http.TraceIdentifier);
            answer = Answer.Refusal(500, "exception", $"Something broke here; it is written down under {http.TraceIdentifier}.");
        }

        await WriteAsync(http, call, answer);
    }

    private async ValueTask<FhirCall> CallAsync(HttpContext http, CancellationToken cancel)
    {
        var request = http.Request;
        var headers = request.Headers;
        var query = request.QueryString.HasValue ? request.QueryString.Value![1..] : "";
        Negotiation.Check(headers.Accept.ToString(), query);
        var address = FhirAddress.Parse(request.Path.Value.AsSpan(BasePath.Length));
        var caller = await callerOf(http) ?? (address.Place is Place.Metadata ? Nobody : null) ?? throw RefusedException.Because(401, "login",
            "Sign in first: this needs a session or a token.");
        var call = new FhirCall
        {
            Caller = caller,
            Base = options.PublicBase ?? $"{request.Scheme}://{request.Host.Value}{BasePath}/",
            Method = request.Method,
            Address = address,
            Query = query,
            IfMatch = headers.IfMatch,
            IfNoneMatch = headers.IfNoneMatch,
            IfModifiedSince = headers.IfModifiedSince,
            LastEventId = headers["Last-Event-ID"],
            Prefer = Preference.Parse(headers["Prefer"]),
        };
        return request.Method is "GET" or "HEAD" or "DELETE" ? call : await WithBodyAsync(call, request, cancel);
    }

    // What the server can do is told to everybody (FHIR R4 §3.1.0.9).
    private static readonly Caller Nobody = new() { Subject = "Device/unknown", Name = "?", Role = Role.Nobody };

    private static async ValueTask<FhirCall> WithBodyAsync(FhirCall call, HttpRequest request, CancellationToken cancel)
    {
        var type = Negotiation.MediaType(request.ContentType);
        var isForm = type is "application/x-www-form-urlencoded";
        var isSearch = call.Address.Place is Place.TypeSearch or Place.CompartmentSearch or Place.SystemSearch;
        var isTaken = isForm ? isSearch
            : Negotiation.IsJson(type) || (type is Patching.JsonPatchType && request.Method is "PATCH") || (type.Length is 0 && request.ContentLength is 0 or null);
        if (!isTaken)
            throw RefusedException.Because(415, "not-supported", $"The body is '{(type.Length > 64 ? type[..64] : type)}'; this server takes application/fhir+json.");
        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
            throw RefusedException.Because(415, "not-supported", "A compressed body is not taken here.");
        var largest = call.Address.Place is Place.System or Place.SystemOperation ? Bundles.LargestBody : BodyReader.LargestBody;
        var body = await ReadAsync(request, largest, cancel);
        return call with
        {
            Body = isForm ? default : body,
            BodyType = type,
            Form = isForm ? System.Text.Encoding.UTF8.GetString(body) : "",
            IfNoneExist = request.Headers["If-None-Exist"],
            IdempotencyKey = Key(request.Headers["Idempotency-Key"]),
        };
    }

    private const int LongestKey = 200;

    private static string? Key(string? header) => string.IsNullOrEmpty(header) ? null
        : header.Length <= LongestKey ? header
        : throw RefusedException.Because(400, "too-long", $"An Idempotency-Key has at most {LongestKey} characters.");

    private static async ValueTask<byte[]> ReadAsync(HttpRequest request, int largest, CancellationToken cancel)
    {
        if (request.ContentLength > largest) throw TooLong(largest);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = largest;
        if (request.ContentLength is { } length)
        {
            var exact = new byte[length];
            await request.Body.ReadExactlyAsync(exact, cancel);
            return exact;
        }

        return await ReadUnmeasuredAsync(request.Body, largest, cancel);
    }

    private const int Piece = 1 << 16;

    // In borrowed pieces, put together once at the end: a buffer that doubles would hold the body three times.
    private static async ValueTask<byte[]> ReadUnmeasuredAsync(Stream stream, int largest, CancellationToken cancel)
    {
        var pieces = new List<(byte[] Bytes, int Length)>();
        try
        {
            var total = 0;
            while (true)
            {
                var piece = ArrayPool<byte>.Shared.Rent(Piece);
                var length = await stream.ReadAtLeastAsync(piece.AsMemory(0, Piece), Piece, throwOnEndOfStream: false, cancel);
                pieces.Add((piece, length));
                if ((total += length) > largest) throw TooLong(largest);
                if (length < Piece) break;
            }

            var whole = new byte[total];
            var at = 0;
            foreach (var (bytes, length) in pieces)
            {
                bytes.AsSpan(0, length).CopyTo(whole.AsSpan(at));
                at += length;
            }

            return whole;
        }
        finally
        {
            foreach (var (bytes, _) in pieces) ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static RefusedException TooLong(int largest) => RefusedException.Because(413, "too-long", $"The body is larger than {largest} bytes.");

    private static async Task WriteAsync(HttpContext http, FhirCall? call, Answer answer)
    {
        var response = http.Response;
        if (response.HasStarted || http.RequestAborted.IsCancellationRequested) return;
        response.StatusCode = answer.Status;
        var headers = response.Headers;
        if (answer.Version is { } version)
        {
            headers.ETag = $"W/\"{version.Version.ToString(CultureInfo.InvariantCulture)}\"";
            headers.LastModified = version.LastUpdated.UtcDateTime.ToString("r", CultureInfo.InvariantCulture);
        }

        if (answer.Location is { } location) headers.Location = location.Contains("://", StringComparison.Ordinal) ? location : call!.Base + location;
        foreach (var (name, value) in answer.Headers) headers[name] = value;
        headers["X-Request-Id"] = http.TraceIdentifier;
        if (answer.Status is 204 or 304) return;
        if (answer.File is { } file)
        {
            response.ContentType = answer.MediaType;
            await Results.File(file, answer.MediaType).ExecuteAsync(http);
            return;
        }

        if (answer.Stream is { } stream)
        {
            response.ContentType = answer.MediaType;
            await response.StartAsync(http.RequestAborted);
            try
            {
                await stream(response.BodyWriter, http.RequestAborted);
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
            }

            return;
        }

        var body = call is not null && answer.Body.Length > 0 && Negotiation.WantsPretty(call.Query) ? FhirJson.Pretty(answer.Body) : answer.Body;
        response.ContentType = answer.MediaType;
        response.ContentLength = body.Length;
        if (body.Length > 0 && http.Request.Method is not "HEAD") await response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} broke, request {Id}")]
    private partial void Broke(Exception exception, string method, string id);
}

/// <summary>Who sent this request; null when nobody signed in. Access fills it from the session or the token.</summary>
public delegate ValueTask<Caller?> CallerOf(HttpContext http);

/// <summary>How the FHIR API is offered.</summary>
public sealed record FhirOptions
{
    /// <summary>Address under which others know the API, ending in a slash; null to go by each request's own host.</summary>
    public string? PublicBase { get; init; }

    /// <summary>Longest that one request may work; then 503.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(60);
}
