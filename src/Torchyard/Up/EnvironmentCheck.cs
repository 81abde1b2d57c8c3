using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Torchyard.Containers;
using Torchyard.Containers.Requests;
using Torchyard.Platform;

namespace Torchyard.Up;

/// <summary>One thing that was tried in a started environment.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="Result">What came of it, for people.</param>
internal sealed record EnvironmentCheck(string Name, string Result)
{
    // A line fitted by gradient descent: forward, backward and optimiser, on whatever device PyTorch would use.
    private const string TrainingStep = """
        import torch
        device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(0)
        model = torch.nn.Linear(16, 1).to(device)
        optimiser = torch.optim.SGD(model.parameters(), lr=0.05)
        x = torch.randn(64, 16, device=device)
        y = x.sum(dim=1, keepdim=True)
        losses = []
        for _ in range(20):
            loss = torch.nn.functional.mse_loss(model(x), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0] / 2, losses
        print(f"{torch.__version__} on {device}, loss {losses[0]:.2f} to {losses[-1]:.2f} in 20 steps")
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Imports PyTorch in the environment and trains a few steps.</summary>
    /// <exception cref="TorchyardException">TY4103: it does not work.</exception>
    public static async Task<EnvironmentCheck> TrainingAsync(ContainerSession session, CancellationToken cancellation)
    {
        var result = await session.CaptureAsync(new ExecRequest { Command = ["python3", "-c", TrainingStep] }, cancellation);
        return result.ExitCode == 0
            ? new EnvironmentCheck("training", result.Output.Trim())
            : throw new TorchyardException(
                "TY4103",
                $"a training step in the environment failed with exit status {result.ExitCode}: {LastLine(result.Error)}",
                $"see all of it: torchyard exec {session.Record.Name} python3 -c 'import torch; print(torch.__config__.show())'");
    }

    /// <summary>Asks Jupyter with its token, and makes sure that it says nothing without.</summary>
    /// <param name="service">Where it listens.</param>
    /// <param name="token">Its token.</param>
    /// <param name="certificate">File of its certificate when it speaks TLS.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TorchyardException">TY4104: it does not answer as it must.</exception>
    public static async Task<EnvironmentCheck> JupyterAsync(ServiceAddress service, string token, string certificate, CancellationToken cancellation)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        if (service.Tls)
        {
            using var own = X509CertificateLoader.LoadCertificateFromFile(certificate);
            var expected = own.GetCertHashString();
            // Self-signed, so it is compared with the file that only this environment can have written.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, given, _, _) => given?.GetCertHashString() == expected;
        }

        using var client = new HttpClient(handler) { Timeout = Patience };
        var address = new Uri(service.Url, "/api/status");
        try
        {
            var without = await StatusAsync(client, address, token: null, cancellation);
            var with = await StatusAsync(client, address, token, cancellation);
            if (with != HttpStatusCode.OK || without is not (HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.Found))
            {
                throw Silent($"it answered {(int)with} with its token and {(int)without} without");
            }

            return new EnvironmentCheck("Jupyter", "answers, to its token only");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            throw Silent(failure.Message);
        }
    }

    /// <summary>Reads the SSH server's greeting.</summary>
    /// <exception cref="TorchyardException">TY4105: it does not greet.</exception>
    public static async Task<EnvironmentCheck> SshAsync(ServiceAddress service, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(service.Connect, service.Port, patience.Token);
            using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
            var greeting = await reader.ReadLineAsync(patience.Token);
            if (greeting?.StartsWith("SSH-2.0-", StringComparison.Ordinal) == true)
            {
                return new EnvironmentCheck("SSH", $"answers as {greeting[8..].Split(' ')[0]}");
            }

            throw NoGreeting("something else answers there");
        }
        catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            throw NoGreeting(failure.Message);
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, Uri address, string? token, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("token", token);
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return response.StatusCode;
    }

    private static TorchyardException Silent(string why) => new(
        "TY4104", $"Jupyter does not answer as it must: {why}", "torchyard logs --service jupyter shows what it says");

    private static TorchyardException NoGreeting(string why) => new(
        "TY4105", $"the SSH server does not answer: {why}", "torchyard logs --service ssh shows what it says");

    private static string LastLine(string text) => text.Trim().Split('\n')[^1].Trim();
}
