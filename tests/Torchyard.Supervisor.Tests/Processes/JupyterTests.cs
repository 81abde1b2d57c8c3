using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Torchyard.Supervisor.Tests.Processes;

/// <summary>
/// A real Jupyter, started as in an image; where the machine has none, the token and certificate are still tried with a stand-in.
/// </summary>
public sealed partial class JupyterTests : IDisposable
{
    private const string Jupyter = "/usr/bin/jupyter-notebook";

    private readonly SupervisorProcess _supervisor = new();

    public void Dispose() => _supervisor.Dispose();

    [Fact]
    public async Task Jupyter_answers_to_its_token_alone_and_does_not_show_it()
    {
        var (port, _) = await StartJupyterAsync("127.0.0.1");
        var token = await File.ReadAllTextAsync(_supervisor.Path("run/jupyter-token"), TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };

        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync("api/contents", TestContext.Current.CancellationToken)).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("token", token);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("api/contents", TestContext.Current.CancellationToken)).StatusCode);

        Assert.Matches(HexToken(), token);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_supervisor.Path("run/jupyter-token")));
        Assert.DoesNotContain(
            token,
            await File.ReadAllTextAsync(_supervisor.Path("log/jupyter.log"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(token, _supervisor.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(CommandLines(), line => line.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Beyond_loopback_jupyter_speaks_tls_with_a_certificate_that_is_kept()
    {
        var (port, tls) = await StartJupyterAsync("0.0.0.0");
        Assert.True(tls);
        var certificate = await File.ReadAllTextAsync(_supervisor.Path("state/tls/certificate.pem"), TestContext.Current.CancellationToken);
        using var expected = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(certificate);
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown!.Thumbprint == expected.Thumbprint,
        };
        using var https = new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{port}/") };

        Assert.Equal(HttpStatusCode.OK, (await https.GetAsync("api", TestContext.Current.CancellationToken)).StatusCode);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync("api", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_token_file_of_the_user_is_used_and_an_empty_one_refused()
    {
        await File.WriteAllTextAsync(_supervisor.Path("mine"), "chosen", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_supervisor.Path("empty"), "", TestContext.Current.CancellationToken);
        _supervisor.Services(
            $$"""{ "name": "jupyter", "kind": "jupyter", "command": ["sh", "-c", "cat $JUPYTER_TOKEN_FILE > {{_supervisor.Path("seen")}}; exec sleep 600"], "port": 0 }"""
        );
        _supervisor.Environment["TORCHYARD_JUPYTER_TOKEN_FILE"] = _supervisor.Path("mine");
        _supervisor.Start();
        Assert.Equal("chosen", await _supervisor.FileAsync("seen", text => text.Length > 0));
        _supervisor.Signal("TERM");
        await _supervisor.EndAsync();

        _supervisor.Environment["TORCHYARD_JUPYTER_TOKEN_FILE"] = _supervisor.Path("empty");
        _supervisor.Start();
        Assert.Equal(1, (await _supervisor.EndAsync()).Code);
        Assert.Contains("Jupyter would run without a token", _supervisor.Errors, StringComparison.Ordinal);
    }

    [GeneratedRegex("^[0-9a-f]{48}$")]
    private static partial Regex HexToken();

    private static IEnumerable<string> CommandLines()
    {
        foreach (var process in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            string line;
            try
            {
                line = File.ReadAllText(process + "/cmdline");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            yield return line;
        }
    }

    private async Task<(int Port, bool Tls)> StartJupyterAsync(string listen)
    {
        if (!File.Exists(Jupyter))
        {
            Assert.Skip(Jupyter + " is not installed");
        }

        if (listen != "127.0.0.1" && !File.Exists("/usr/bin/openssl"))
        {
            Assert.Skip("openssl is not installed");
        }

        // The configuration of images, as Torchyard.Images.Environments writes it.
        await File.WriteAllTextAsync(
            _supervisor.Path("jupyter_config.py"),
            ImageConfiguration.Jupyter,
            TestContext.Current.CancellationToken
        );
        _supervisor.Environment["HOME"] = _supervisor.Path("run");
        _supervisor.Services(
            $$"""
            { "name": "jupyter", "kind": "jupyter", "command": ["{{Jupyter}}", "--config={{_supervisor.Path(
                "jupyter_config.py"
            )}}"], "directory": "{{_supervisor.Path("state")}}",
              "listen": "{{listen}}", "port": 0, "ready": { "kind": "http", "path": "/api", "timeoutSeconds": 120 } }
            """
        );
        _supervisor.Start();
        var service = await _supervisor.ServiceAsync("jupyter", "ready");
        return (service.GetProperty("port").GetInt32(), service.GetProperty("tls").GetBoolean());
    }
}
