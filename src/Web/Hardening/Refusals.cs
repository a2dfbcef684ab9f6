using System.Net;
using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tongxin.Fhir;

namespace Tongxin.Web.Hardening;

/// <summary>What a page or route answers when the request was wrong or something broke: a status and a sentence, never what went on inside.</summary>
internal static partial class Refusals
{
    private static readonly CompositeFormat Shell = CompositeFormat.Parse(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>{0}</title><link rel=\"stylesheet\" href=\"/tongxin.css\">" +
        "<main class=\"main\"><p class=\"alert\" role=\"alert\">{1}</p><p><a class=\"btn\" href=\"/\">返回 Back</a></p></main></html>");

    public static async Task TellAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound, ContentType: null } && WantsPage(http.Request))
                await WriteAsync(http, StatusCodes.Status404NotFound, "这里没有这一页，或者不是给您看的。There is no such page, or it is not for you.");
        }
        catch (RefusedException refused) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, refused.Status, refused.Message);
        }
        catch (AntiforgeryValidationException) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, StatusCodes.Status400BadRequest, "这张表单已过期，请返回后重新填写。The form is out of date; go back and fill it in again.");
        }
        catch (BadHttpRequestException bad) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, bad.StatusCode, "请求不完整或格式不对。The request is incomplete or malformed.");
        }
        catch (Exception broken) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            Broke(http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Tongxin.Web.Pages"), broken, http.Request.Method, http.TraceIdentifier);
            await WriteAsync(http, StatusCodes.Status500InternalServerError, $"出错了，编号 {http.TraceIdentifier}。Something broke; it is written down under this number.");
        }
    }

    // A person who followed a link or typed an address; programs get the bare status.
    private static bool WantsPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);

    private static Task WriteAsync(HttpContext http, int status, string sentence)
    {
        http.Response.Clear();
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/html; charset=utf-8";
        var body = Encoding.UTF8.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, Shell, status, WebUtility.HtmlEncode(sentence)));
        return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    // Neither the address nor its query: both may name a person.
    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} of a page broke, request {Id}")]
    private static partial void Broke(ILogger logger, Exception exception, string method, string id);
}
