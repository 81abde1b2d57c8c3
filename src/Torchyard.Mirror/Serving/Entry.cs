using System.Runtime.InteropServices;
using System.Text;
using Torchyard.Mirror.Watching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams.Descriptors;
using Torchyard.Registry.Credentials;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Mirror.Serving;

/// <summary>Started by <c>torchyard mirror serve</c>, which reads the command line and becomes this.</summary>
internal static class Entry
{
    private static async Task<int> Main(string[] args)
    {
        using var errors = new DescriptorOutputStream(StandardDescriptor.Error);
        using var stop = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var options = MirrorOptions.OfArguments(args);
            var home = HomeDirectory.Own(Environment.GetEnvironmentVariable("HOME") ?? "/");
            var places = CredentialPlaces.Of(
                Environment.GetEnvironmentVariable,
                home,
                BaseDirectories.Of(Environment.GetEnvironmentVariable, home),
                UserCalls.EffectiveUser()
            );
            await using var server = await MirrorServer.StartAsync(
                new MirrorSettings { Options = options, Log = Log },
                new KnownLogins(places),
                new EnvironmentProxy(Environment.GetEnvironmentVariable) { LeavesOutLoopback = true },
                stop.Token
            );
            Log($"the mirror listens at {server.Address}");
            await Task.Delay(Timeout.Infinite, stop.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            Log("the mirror ends");
            return 0;
        }
        catch (TorchyardException failure)
        {
            Log($"error {failure.Code}: {failure.Message}");
            Log($"  cure: {failure.Cure}");
            return failure.IsUsage ? 2 : 1;
        }
        catch (FormatException failure)
        {
            Log($"torchyard-mirror is started by 'torchyard mirror serve': {failure.Message}");
            return 2;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        void Log(string line) => errors.Write(Encoding.UTF8.GetBytes(line + "\n"));
    }
}
