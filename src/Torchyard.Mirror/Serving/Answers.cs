using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Torchyard.Mirror.Serving;

/// <summary>Writes answers.</summary>
internal static class Answers
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Media type of JSON.</summary>
    public const string Json = "application/json";

    /// <summary>Sends bytes; a HEAD gets what it would have been.</summary>
    public static async Task SendAsync(HttpContext context, int status, byte[] body, string type)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = type;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method) && body.Length > 0)
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>Says a status alone.</summary>
    public static void Empty(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        if (status != StatusCodes.Status204NoContent)
        {
            context.Response.ContentLength = 0;
        }
    }

    /// <summary>Says what is wrong.</summary>
    public static Task RefuseAsync(HttpContext context, RefusedException refused)
    {
        context.Response.Headers["X-Content-Type-Options"] = "nosniff";
        return SendAsync(
            context,
            refused.Status,
            Write(json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("errors");
                json.WriteStartObject();
                json.WriteString("code", refused.Code);
                json.WriteString("message", refused.Message);
                json.WritePropertyName("detail");
                if (refused.Digests.Count == 0)
                {
                    json.WriteNullValue();
                }
                else
                {
                    json.WriteStartArray();
                    foreach (var digest in refused.Digests)
                    {
                        json.WriteStartObject();
                        json.WriteString("digest", digest);
                        json.WriteEndObject();
                    }

                    json.WriteEndArray();
                }

                json.WriteEndObject();
                json.WriteEndArray();
                json.WriteEndObject();
            }),
            Json
        );
    }

    /// <summary>Makes JSON.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Plain))
        {
            write(json);
        }

        return bytes.ToArray();
    }
}
