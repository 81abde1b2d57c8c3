using System.Net;
using System.Text.Json;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Platform.Text;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Connections;

/// <summary>What a registry says in place of what it was asked for (distribution-spec, "Error Codes").</summary>
internal static class RegistryRefusal
{
    private const int MostBytes = 64 << 10;

    /// <summary>The failure for an answer that is not the one that was wanted.</summary>
    /// <param name="connection">Who was asked.</param>
    /// <param name="response">The answer.</param>
    /// <param name="what">What was asked for, for people.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<TorchyardException> OfAsync(
        RegistryConnection connection,
        HttpResponseMessage response,
        string what,
        CancellationToken cancellation
    )
    {
        var registry = connection.Registry;
        var said = await SaidAsync(connection.Http, response, cancellation);
        var status = (int)response.StatusCode;
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => RegistryErrors.Denied(
                registry,
                what,
                $"{status}" + (said.Length > 0 ? $", {said}" : ""),
                connection.User
            ),
            HttpStatusCode.NotFound or HttpStatusCode.Gone => RegistryErrors.NotFound(registry, what),
            HttpStatusCode.TooManyRequests => RegistryErrors.TooOften(
                registry,
                what,
                HttpFailureException.Of(response, connection.Settings.Retry.Clock)?.RetryAfter
            ),
            _ when status is >= 200 and < 400 => RegistryErrors.NotARegistry(registry, what, $"it has status {status}"),
            _ => RegistryErrors.Failed(registry, what, $"it answers {status}" + (said.Length > 0 ? $", {said}" : "")),
        };
    }

    /// <summary>The failure for an answer that did not come.</summary>
    public static TorchyardException Of(RegistryConnection connection, HttpFailureException failure, string what) =>
        failure.Status switch
        {
            HttpStatusCode.TooManyRequests => RegistryErrors.TooOften(connection.Registry, what, failure.RetryAfter),
            not null => RegistryErrors.Failed(connection.Registry, what, failure.Message, failure),
            null when !failure.IsTransient => RegistryErrors.Failed(connection.Registry, what, failure.Message, failure),
            null when IsNotTls(failure) => RegistryErrors.PlainHttp(connection.Registry, failure),
            null => RegistryErrors.Unreachable(connection.Registry, failure.Message.TrimEnd('.'), failure),
        };

    // A server that answers a TLS greeting with text.
    private static bool IsNotTls(Exception failure) =>
        (
            failure is System.Security.Authentication.AuthenticationException
            && failure.Message.Contains("frame", StringComparison.OrdinalIgnoreCase)
        )
        || (failure.InnerException is { } inner && IsNotTls(inner))
        || failure.Message.Contains("wrong version number", StringComparison.OrdinalIgnoreCase);

    private static async Task<string> SaidAsync(HttpSource http, HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            if (await SmallBody.ReadAsync(http, response, MostBytes, cancellation) is not { Length: > 0 } content)
            {
                return "";
            }

            using var document = UnicodeJson.Parse(content, new JsonDocumentOptions { MaxDepth = 16 });
            if (
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("errors", out var errors)
                && errors.ValueKind == JsonValueKind.Array
                && errors.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first
            )
            {
                var code = Text(first, "code");
                var message = Text(first, "message");
                return RegistryErrors.Shown(code.Length > 0 && message.Length > 0 ? $"{code}: {message}" : code + message);
            }
        }
        catch (Exception failure) when (failure is JsonException or HttpFailureException)
        {
            // It says nothing that can be shown.
        }

        return "";
    }

    private static string Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
