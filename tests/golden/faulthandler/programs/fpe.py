import faulthandler

faulthandler._sigfpe()
