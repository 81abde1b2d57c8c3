using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Proving;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Platform.Text;
using Torchyard.Reports.Overview;
using Torchyard.Reports.Page;

namespace Torchyard.Flows.Starting;

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
        # Every GPU computes, not only the first.
        for index in range(torch.cuda.device_count()):
            assert (torch.ones(64, 64, device=f"cuda:{index}") @ torch.ones(64, 64, device=f"cuda:{index}"))[0, 0].item() == 64
        where = f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}" if device == "cuda" else "cpu"
        print(f"{torch.__version__} on {where}, loss {losses[0]:.2f} to {losses[-1]:.2f} in 20 steps")
        why = ""
        if torch.version.cuda and device == "cpu":
            try:
                torch.cuda.init()
            except Exception as error:
                why = str(error).splitlines()[0]
        print(f"{torch.version.cuda or '-'} {torch.cuda.device_count()} {why}")
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // RFC 4253, section 4.2: 255 characters with CR and LF.
    private const int LongestGreeting = 255;

    /// <summary>
    /// Imports PyTorch in the environment, trains a few steps, and sees whether it computes on every GPU that it was given.
    /// </summary>
    /// <param name="session">The environment.</param>
    /// <param name="warn">Told when PyTorch has no use for the GPUs.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TorchyardException">TY4103: it does not work; TY4111: it does not see the GPUs.</exception>
    public static async Task<EnvironmentCheck> TrainingAsync(ContainerSession session, Action<string> warn, CancellationToken cancellation)
    {
        var result = await session.CaptureAsync(new ExecRequest { Command = ["python3", "-c", TrainingStep] }, cancellation);
        if (result.ExitCode != 0)
        {
            throw new TorchyardException(
                "TY4103",
                $"a training step in the environment failed with exit status {result.ExitCode}: {LastLine(result.Error)}",
                $"see all of it: torchyard exec {session.Record.Name} python3 -c 'import torch; print(torch.__config__.show())'"
            );
        }

        var lines = result.Output.Trim().Split('\n');
        SeesGpus(session.Record, lines[^1].Split(' ', 3), warn);
        return new EnvironmentCheck("training", lines[^2].Trim());
    }

    /// <summary>
    /// Proves that every GPU that it was given computes, copies and talks to the others, as far as the image has the libraries.
    /// </summary>
    /// <param name="session">The environment.</param>
    /// <param name="self">This program, which runs the proofs inside.</param>
    /// <param name="warn">Told when it could not be tried.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TorchyardException">TY4112: a proof failed, or a GPU is not seen.</exception>
    public static async Task<EnvironmentCheck> GpusAsync(
        ContainerSession session,
        SelfProgram self,
        Action<string> warn,
        CancellationToken cancellation
    )
    {
        var name = session.Record.Name;
        GpuReport report;
        try
        {
            report = await EnvironmentProof.RunAsync(session, self, cancellation);
        }
        catch (TorchyardException silent) when (silent.Code == ProofReport.NoReport)
        {
            // It could not even start, as with a C library that is too old: that says nothing about the GPUs.
            warn($"the GPUs of {name} were not proved: {silent.Message}");
            return new EnvironmentCheck("GPUs", "not proved");
        }
        catch (TorchyardException driver) when (GpuMachine.LacksDriver(driver))
        {
            throw Unproved(session, $"the GPUs of {name} do not work as they should: {driver.Message}");
        }

        var seen = report.Verify.Count(result => result.Area == "start");
        if (!report.Verdict.Good || seen < ExpectedDevices(session.Record))
        {
            throw Unproved(
                session,
                report.Verdict.Good
                    ? $"{seen} of the {Count.Of(session.Record.Gpus.Count, "GPU")} of {name} are seen in it"
                    : $"the GPUs of {name} do not work as they should: "
                        + $"{string.Join("; ", report.Verdict.Reasons.DefaultIfEmpty(report.Verdict.Text))}"
            );
        }

        return new EnvironmentCheck("GPUs", report.Verdict.Text);
    }

    // CUDA gives a process one MIG device, however many there are (MIG User Guide, "CUDA Device Enumeration").
    private static int ExpectedDevices(ContainerRecord record) =>
        record.Gpus.Any(gpu => gpu.Uuid.StartsWith("MIG-", StringComparison.Ordinal)) ? 1 : record.Gpus.Count;

    /// <summary>The last line of the training step: CUDA of the build or a dash, number of GPUs seen, why there are none.</summary>
    private static void SeesGpus(ContainerRecord record, string[] seen, Action<string> warn)
    {
        if (record.Gpus.Count == 0)
        {
            return;
        }

        if (seen[0] == "-")
        {
            warn(
                $"the PyTorch of this environment is built without CUDA: it computes on CPUs, and {Count.Of(record.Gpus.Count, "GPU")} "
                    + $"{Count.Word(record.Gpus.Count, "stays", "stay")} unused; "
                    + "gpus = \"none\" under [limits] leaves them to others"
            );
            return;
        }

        if (!int.TryParse(seen[1], out var count) || count < ExpectedDevices(record))
        {
            throw new TorchyardException(
                "TY4111",
                $"PyTorch sees {seen[1]} of the {Count.Of(record.Gpus.Count, "GPU")} of "
                    + $"{record.Name}{(seen[2].Length > 0 ? $": {seen[2]}" : "")}",
                $"torchyard doctor checks the driver; torchyard verify {record.ImageName} says which part fails"
            );
        }
    }

    /// <summary>Asks Jupyter with its token, and makes sure that it says nothing without.</summary>
    /// <param name="name">Name of the environment.</param>
    /// <param name="service">Where it listens.</param>
    /// <param name="token">Its token.</param>
    /// <param name="certificate">Its certificate (PEM) when it speaks TLS.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TorchyardException">TY4104: it does not answer as it must.</exception>
    public static async Task<EnvironmentCheck> JupyterAsync(
        string name,
        ServiceAddress service,
        string token,
        byte[]? certificate,
        CancellationToken cancellation
    )
    {
        var settings = new HttpSettings { Silence = Patience, FollowsRedirects = false };
        if (service.Tls)
        {
            using var own = Certificate(name, certificate);
            var expected = own.GetCertHashString();
            // Self-signed, so it is compared with the file that only this environment can have written.
            settings = settings with { Certificates = (_, given, _, _) => given?.GetCertHashString() == expected };
        }

        using var http = new HttpSource(settings);
        var address = UrlText.At(service.Url, "api/status");
        try
        {
            var without = await StatusAsync(http, address, token: null, cancellation);
            var with = await StatusAsync(http, address, token, cancellation);
            if (
                with != HttpStatusCode.OK
                || without is not (HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized or HttpStatusCode.Found)
            )
            {
                throw Silent(name, $"it answered {(int)with} with its token and {(int)without} without");
            }

            return new EnvironmentCheck("Jupyter", "answers, to its token only");
        }
        catch (HttpFailureException failure)
        {
            throw Silent(name, failure.Message);
        }
    }

    /// <summary>Reads the SSH server's greeting.</summary>
    /// <param name="name">Name of the environment.</param>
    /// <param name="service">Where it listens.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TorchyardException">TY4105: it does not greet.</exception>
    public static async Task<EnvironmentCheck> SshAsync(string name, ServiceAddress service, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(service.Connect, service.Port, patience.Token);
            var greeting = await LineAsync(client.GetStream(), patience.Token);
            if (greeting.StartsWith("SSH-2.0-", StringComparison.Ordinal))
            {
                return new EnvironmentCheck("SSH", $"answers as {greeting[8..].Split(' ')[0]}");
            }

            throw NoGreeting(name, "something else answers there");
        }
        catch (Exception failure)
            when (failure is SocketException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            throw NoGreeting(name, failure.Message);
        }
    }

    /// <summary>The first line, or what fits of it: who listens there may say anything.</summary>
    private static async Task<string> LineAsync(Stream stream, CancellationToken cancellation)
    {
        var buffer = new byte[LongestGreeting];
        var length = 0;
        int read;
        while (
            length < buffer.Length
            && !buffer.AsSpan(0, length).Contains((byte)'\n')
            && (read = await stream.ReadAsync(buffer.AsMemory(length), cancellation)) > 0
        )
        {
            length += read;
        }

        return Encoding.ASCII.GetString(buffer, 0, length).Split('\n')[0].TrimEnd('\r');
    }

    private static X509Certificate2 Certificate(string name, byte[]? content)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(content ?? []);
        }
        catch (System.Security.Cryptography.CryptographicException broken)
        {
            throw Silent(name, $"it speaks TLS, and the environment has no certificate for it: {broken.Message}");
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpSource http, Uri address, string? token, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(
            address,
            request => request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("token", token),
            cancellation
        );
        return response.StatusCode;
    }

    private static TorchyardException Unproved(ContainerSession session, string what) =>
        new(
            "TY4112",
            what,
            $"torchyard doctor looks at GPUs and driver, torchyard verify {session.Record.ImageName} shows every proof; the environment "
                + "runs all the same: torchyard down stops it"
        );

    private static TorchyardException Silent(string name, string why) =>
        new(
            "TY4104",
            $"Jupyter does not answer as it must: {why}",
            $"torchyard logs {name} jupyter shows what it says; the environment runs all the same: torchyard down stops it"
        );

    private static TorchyardException NoGreeting(string name, string why) =>
        new(
            "TY4105",
            $"the SSH server does not answer: {why}",
            $"torchyard logs {name} ssh shows what it says; the environment runs all the same: torchyard down stops it"
        );

    private static string LastLine(string text) => text.Trim().Split('\n')[^1].Trim();
}
