using System.Text.Json;
using System.Text.RegularExpressions;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Text;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Credentials;

/// <summary>
/// A program that keeps logins: <c>docker-credential-NAME</c>, asked through its standard input and output
/// (docker/docker-credential-helpers, README.md, "Development").
/// </summary>
/// <param name="name">Its name in a file of logins.</param>
/// <param name="file">That file, for messages.</param>
/// <param name="find">Finds programs; null for those of this machine.</param>
internal sealed partial class CredentialHelper(string name, string file, Func<string, HostProgram?>? find = null)
{
    private string Program => "docker-credential-" + name;

    /// <summary>The login of a registry; null when the helper has none.</summary>
    /// <exception cref="TorchyardException">TY6012: the helper is missing, fails or answers something else.</exception>
    public async Task<RegistryLogin?> GetAsync(string registry, CancellationToken cancellation)
    {
        var result = await RunAsync("get", AuthKeys.ForHelper(registry), registry, cancellation);
        if (result.ExitCode != 0)
        {
            var said = (result.Output + result.Error).Trim();
            return said.Contains("credentials not found", StringComparison.OrdinalIgnoreCase)
                ? null
                : throw Fails(
                    registry,
                    $"exit status {result.ExitCode}" + (result.Output.Length > 0 ? "" : $", {RegistryErrors.Shown(said)}")
                );
        }

        try
        {
            using var document = UnicodeJson.Parse(result.Output, new JsonDocumentOptions { MaxDepth = 4 });
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("Username", out var user)
                && document.RootElement.TryGetProperty("Secret", out var secret)
                && user.ValueKind == JsonValueKind.String
                && secret.ValueKind == JsonValueKind.String
                ? new RegistryLogin(user.GetString()!, secret.GetString()!)
                : throw Fails(registry, "it answers without a user or a secret");
        }
        catch (JsonException)
        {
            throw Fails(registry, "its answer is not JSON");
        }
    }

    /// <summary>Keeps a login.</summary>
    /// <exception cref="TorchyardException">TY6012: it does not.</exception>
    public async Task StoreAsync(string registry, RegistryLogin login, CancellationToken cancellation)
    {
        var entry = AuthJson.HelperEntry(AuthKeys.ForHelper(registry), login);
        if (await RunAsync("store", entry, registry, cancellation) is { ExitCode: not 0 and var status })
        {
            throw Fails(registry, $"'store' ends with exit status {status}");
        }
    }

    /// <summary>Forgets a login.</summary>
    /// <exception cref="TorchyardException">TY6012: it does not.</exception>
    public async Task EraseAsync(string registry, CancellationToken cancellation)
    {
        if (await RunAsync("erase", AuthKeys.ForHelper(registry), registry, cancellation) is { ExitCode: not 0 and var status })
        {
            throw Fails(registry, $"'erase' ends with exit status {status}");
        }
    }

    private async Task<CommandResult> RunAsync(string verb, string input, string registry, CancellationToken cancellation)
    {
        if (!Name().IsMatch(name))
        {
            throw Fails(registry, "that is not the name of a program");
        }

        CommandResult? result;
        try
        {
            result = (find ?? HostProgram.Find)(Program) is { } program
                ? await HostCommand.RunAsync(program, [verb], input: input, bounds: ProgramBounds.Login, cancellation: cancellation)
                : null;
        }
        catch (TorchyardException failure)
        {
            throw RegistryErrors.HelperFailed(Program, registry, failure.Message, file, failure);
        }

        return result ?? throw RegistryErrors.HelperFailed(Program, registry, "it is not on this machine", file);
    }

    private TorchyardException Fails(string registry, string why) =>
        RegistryErrors.HelperFailed(RegistryErrors.Shown(Program), registry, why, file);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Name();
}
